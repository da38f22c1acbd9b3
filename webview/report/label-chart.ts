/**
 * How often each label stands in each set of rows: a table whose bars show the shares, so that small held-out sets can be
 * compared with large training sets.
 */
import { LitElement, css, html, nothing, svg } from 'lit';
import { customElement, property } from 'lit/decorators.js';
import type { LabelCount, LabelFigures, Split } from '../../protocol';
import { formatCount, formatPercent, missing } from '../format';
import { sharedStyles, tableStyles } from '../styles';
import { splitTints } from './report-styles';
import { counted } from './report-words';

const barHeight = 5;
const barPitch = 6;

@customElement('temper-label-chart')
export class LabelChart extends LitElement {
  static override styles = [
    ...sharedStyles,
    tableStyles,
    splitTints,
    css`
      th,
      td {
        height: auto;
        padding: 3px 0 3px 14px;
      }
      tbody > tr > * {
        border-bottom: 0;
      }
      tr > :first-child {
        padding-left: 0;
        width: 38%;
      }
      tbody th,
      .between {
        overflow-wrap: anywhere;
        white-space: normal;
      }
      .bars {
        width: 30%;
      }
      svg {
        display: block;
        width: 100%;
      }
      rect {
        fill: currentcolor;
      }
      .share {
        color: var(--temper-dim);
        display: inline-block;
        font-size: 12px;
        min-width: 46px;
      }
      .between td,
      .between th {
        color: var(--temper-dim);
        font-style: italic;
      }
      .crowded tr > :first-child {
        width: 30%;
      }
      .crowded .bars {
        width: 24%;
      }
      .crowded .share {
        display: block;
        min-width: 0;
      }
      .crowded .swatch {
        display: block;
        margin: 0 0 0 auto;
      }
      @media (max-width: 600px) {
        th,
        td {
          padding: 3px 0 3px 8px;
        }
        .bars {
          width: 26%;
        }
        .share {
          display: block;
          min-width: 0;
        }
      }
    `,
  ];

  @property({ attribute: false }) labels: LabelFigures | undefined;

  override render() {
    const { labels } = this;
    if (labels === undefined) return nothing;
    const { splits, frequent, between, rare } = labels;
    const longest = Math.max(
      0,
      ...[...frequent, ...rare].flatMap((label) => splits.map((split) => shareOf(labels, label, split))),
    );
    const rows = (counts: readonly LabelCount[]) => counts.map((label) => renderLabel(labels, label, longest));
    const all = frequent.length + rare.length + (between?.labels ?? 0);
    return html`<section class="card" aria-labelledby="heading">
      <h2 id="heading">${counted(all, 'label')}</h2>
      <table aria-labelledby="heading" class=${splits.length > 2 ? 'crowded' : ''}>
        <thead>
          <tr>
            <th scope="col">label</th>
            <td class="bars" aria-hidden="true"></td>
            ${splits.map((split) => html`<th scope="col" class="number"><i class="swatch ${split}"></i>${split}</th>`)}
          </tr>
        </thead>
        <tbody>
          ${rows(frequent)} ${between ? renderBetween(labels, between) : nothing} ${rows(rare)}
        </tbody>
      </table>
    </section>`;
  }
}

function shareOf({ totals }: LabelFigures, { rows }: Pick<LabelCount, 'rows'>, split: Split): number {
  return (rows[split] ?? 0) / Math.max(1, totals[split] ?? 0);
}

function renderLabel(labels: LabelFigures, label: LabelCount, longest: number) {
  const shares = labels.splits.map((split) => ({
    split,
    share: shareOf(labels, label, split) / Math.max(longest, Number.MIN_VALUE),
  }));
  return html`<tr>
    <th scope="row">${breakable(label.label)}</th>
    <td class="bars" aria-hidden="true">${renderBars(shares)}</td>
    ${labels.splits.map((split) => renderCount(labels, label, split))}
  </tr>`;
}

/** A name of many words may break between them rather than anywhere. */
function breakable(label: string) {
  return label.split(/(?<=[_/.-])/).map((part) => html`${part}<wbr />`);
}

/** A bar of nothing is no bar; any other can be seen. */
function renderBars(shares: readonly { readonly split: Split; readonly share: number }[]) {
  return html`<svg height=${shares.length * barPitch}>
    ${shares.map(({ split, share }, index) =>
      share === 0
        ? nothing
        : svg`<rect class=${split} y=${index * barPitch} width="${Math.max(0.5, share * 100)}%" height=${barHeight}></rect>`,
    )}
  </svg>`;
}

function renderCount(labels: LabelFigures, label: Pick<LabelCount, 'rows'>, split: Split) {
  const rows = label.rows[split] ?? 0;
  if (rows === 0) return html`<td class="number">0 <span class="share">${missing}</span></td>`;
  return html`<td class="number">
    ${formatCount(rows)} <span class="share">${formatPercent(shareOf(labels, label, split))}</span>
  </td>`;
}

function renderBetween(labels: LabelFigures, between: NonNullable<LabelFigures['between']>) {
  return html`<tr class="between">
    <th scope="row" colspan="2">${counted(between.labels, 'more label')} between these</th>
    ${labels.splits.map((split) => renderCount(labels, between, split))}
  </tr>`;
}

declare global {
  interface HTMLElementTagNameMap {
    'temper-label-chart': LabelChart;
  }
}
