/**
 * How long rows are: a histogram for each set of rows, all with the same bins and scales, with the line behind which the
 * model does not read, and the figures as a table.
 */
import { LitElement, css, html, nothing, svg } from 'lit';
import { customElement, property, state } from 'lit/decorators.js';
import type { LengthFigures, SplitLengths } from '../../protocol';
import { formatCount, formatPercent, missing } from '../format';
import { sharedStyles, tableStyles } from '../styles';
import { binTitle, binTitles, describeLengths, formatLongest, lengthTicks } from './length-words';
import { splitTints } from './report-styles';
import { counted } from './report-words';

const plotHeight = 60;

@customElement('temper-length-chart')
export class LengthChart extends LitElement {
  static override styles = [
    ...sharedStyles,
    tableStyles,
    splitTints,
    css`
      .head {
        align-items: baseline;
        display: flex;
        gap: 12px;
        justify-content: space-between;
      }
      .toggle {
        font-size: 12px;
      }
      figure {
        margin: 8px 0 0;
      }
      figcaption {
        font-size: 12px;
      }
      svg {
        display: block;
        overflow: visible;
        width: 100%;
      }
      rect {
        fill: currentcolor;
      }
      .axis,
      .limit {
        stroke: var(--temper-dim);
        stroke-width: 1;
      }
      .limit {
        stroke: var(--temper-foreground);
        stroke-dasharray: 4 3;
      }
      text {
        fill: var(--temper-dim);
        font-size: 11px;
      }
      .ticks {
        margin-top: 2px;
      }
      .note {
        font-size: 12px;
        margin: 4px 0 0;
      }
      .key {
        color: var(--temper-foreground);
      }
      table {
        margin-top: 10px;
      }
      th,
      td {
        height: 24px;
        padding: 2px 6px;
      }
      .scroll {
        max-height: 300px;
        overflow-y: auto;
      }
    `,
  ];

  @property({ attribute: false }) lengths: LengthFigures | undefined;
  @state() private asTable = false;

  override render() {
    const { lengths } = this;
    if (lengths === undefined) return nothing;
    return html`<section class="card" aria-labelledby="heading">
      <div class="head">
        <h2 id="heading">${`${lengths.unit}s a row`}</h2>
        <button class="quiet toggle" aria-pressed=${this.asTable} @click=${this.toggle}>Show as table</button>
      </div>
      ${this.asTable ? renderBins(lengths) : renderPlots(lengths)} ${renderPercentiles(lengths)}
    </section>`;
  }

  private readonly toggle = (): void => {
    this.asTable = !this.asTable;
  };
}

function renderPlots(lengths: LengthFigures) {
  const highest = Math.max(...lengths.splits.flatMap(({ shares }) => shares));
  return html`${lengths.splits.map((split) => renderPlot(lengths, split, highest))} ${renderTicks(lengths)} ${renderNote(lengths)}`;
}

function renderPlot(lengths: LengthFigures, split: SplitLengths, highest: number) {
  const { shares } = split;
  const pitch = 100 / shares.length;
  const bars = shares.map((share, index) => {
    if (share === 0) return nothing;
    const height = Math.max(1, (share / highest) * plotHeight);
    return svg`<rect x="${(index + 0.06) * pitch}%" width="${0.88 * pitch}%" y=${plotHeight - height} height=${height}>
      <title>${binTitle(lengths, index)}: ${formatPercent(share)} of ${split.split}</title>
    </rect>`;
  });
  return html`<figure>
    <figcaption><i class="swatch ${split.split}"></i>${split.split}</figcaption>
    <svg height=${plotHeight + 1} role="img" aria-label=${describeLengths(lengths, split)}>
      <g class=${split.split}>${bars}</g>
      <line class="axis" x1="0" x2="100%" y1=${plotHeight + 0.5} y2=${plotHeight + 0.5}></line>
      ${renderLimit(lengths, shares.length)}
    </svg>
  </figure>`;
}

function renderLimit({ maxLength, binWidth }: LengthFigures, bins: number) {
  const place = maxLength === undefined ? Infinity : (maxLength + 1) / (binWidth * bins);
  if (place > 1) return nothing;
  return svg`<line class="limit" x1="${place * 100}%" x2="${place * 100}%" y1="-2" y2=${plotHeight}></line>`;
}

/** The first and the last are written within the card. */
function renderTicks(lengths: LengthFigures) {
  return html`<svg class="ticks" height="14" aria-hidden="true">
    ${lengthTicks(lengths).map(({ at, title }) => {
      const anchor = at === 0 ? 'start' : at > 0.95 ? 'end' : 'middle';
      return svg`<text x="${at * 100}%" y="11" text-anchor=${anchor}>${title}</text>`;
    })}
  </svg>`;
}

function renderNote({ maxLength, binWidth, isOpen, splits }: LengthFigures) {
  const open = isOpen ? ' The last bar holds all longer rows.' : '';
  if (maxLength === undefined) return html`<p class="note dim">${open}</p>`;
  const isShown = (maxLength + 1) / (binWidth * (splits[0]?.shares.length ?? 0)) <= 1;
  const reads = `The model reads ${counted(maxLength, 'token')} of a row`;
  const limit = isShown ? html`<span class="key" aria-hidden="true">┆</span> ${reads}.` : `${reads}, more than the chart shows.`;
  return html`<p class="note dim">${limit}${open}</p>`;
}

function renderPercentiles({ splits, maxLength }: LengthFigures) {
  return html`<table aria-label="Lengths">
    <thead>
      <tr>
        <th scope="col">rows of</th>
        <th scope="col" class="number">p50</th>
        <th scope="col" class="number">p95</th>
        <th scope="col" class="number">max</th>
        ${maxLength === undefined ? nothing : html`<th scope="col" class="number">longer than ${formatCount(maxLength)}</th>`}
      </tr>
    </thead>
    <tbody>
      ${splits.map((lengths) => renderSplit(lengths, maxLength))}
    </tbody>
  </table>`;
}

function renderSplit(lengths: SplitLengths, maxLength: number | undefined) {
  const { split, p50, p95, longer } = lengths;
  return html`<tr>
    <th scope="row">${split}</th>
    <td class="number">${formatCount(p50)}</td>
    <td class="number">${formatCount(p95)}</td>
    <td class="number">${formatLongest(lengths)}</td>
    ${maxLength === undefined ? nothing : html`<td class="number">${formatLonger(longer)}</td>`}
  </tr>`;
}

function formatLonger(longer: SplitLengths['longer']): string {
  if (longer === undefined) return missing;
  if (longer.rows === 0) return 'none';
  return `${longer.isExact ? '' : 'about '}${formatCount(longer.rows)} (${formatPercent(longer.share)})`;
}

function renderBins(lengths: LengthFigures) {
  const caption = `Shares of rows by ${lengths.unit}s`;
  return html`<div class="scroll" tabindex="0" role="region" aria-label=${caption}>
    <table aria-label=${caption}>
      <thead>
        <tr>
          <th scope="col">${lengths.unit}s</th>
          ${lengths.splits.map(({ split }) => html`<th scope="col" class="number">${split}</th>`)}
        </tr>
      </thead>
      <tbody>
        ${binTitles(lengths).map(
          (title, index) =>
            html`<tr>
              <th scope="row">${title}</th>
              ${lengths.splits.map(({ shares }) => html`<td class="number">${formatShare(shares[index] ?? 0)}</td>`)}
            </tr>`,
        )}
      </tbody>
    </table>
  </div>`;
}

function formatShare(share: number): string {
  return share === 0 ? missing : formatPercent(share);
}

declare global {
  interface HTMLElementTagNameMap {
    'temper-length-chart': LengthChart;
  }
}
