/** What rules found: each with what it means, how often, and links to the first places. */
import { LitElement, css, html, nothing } from 'lit';
import { customElement, property } from 'lit/decorators.js';
import type { ReportedPlace, ReportedRule } from '../../protocol';
import { rules } from '../../protocol/rules';
import { formatCount } from '../format';
import { sharedStyles } from '../styles';
import { askReport } from './report-ask';
import { linkStyles, severityTints } from './report-styles';
import { counted, severityIcons, severityTitles } from './report-words';

@customElement('temper-problem-list')
export class ProblemList extends LitElement {
  static override styles = [
    ...sharedStyles,
    linkStyles,
    severityTints,
    css`
      ul {
        list-style: none;
        margin: 0;
        padding: 0;
      }
      .rule {
        border-top: 1px solid var(--temper-grid);
        display: grid;
        gap: 2px 8px;
        grid-template-columns: 16px minmax(0, 1fr) auto;
        margin-top: 8px;
        padding-top: 8px;
      }
      .rule:first-child {
        border-top: 0;
        margin-top: 2px;
      }
      .icon {
        text-align: center;
      }
      .count {
        font-variant-numeric: tabular-nums;
        font-weight: 600;
        text-align: right;
      }
      .more {
        grid-column: 2 / -1;
        overflow-wrap: anywhere;
      }
      .places {
        display: grid;
        font-size: 12px;
        gap: 3px;
      }
      .message {
        -webkit-box-orient: vertical;
        -webkit-line-clamp: 2;
        color: var(--temper-dim);
        display: -webkit-box;
        overflow: hidden;
      }
      p {
        margin: 8px 0 0;
      }
    `,
  ];

  @property() heading = '';
  @property({ attribute: false }) rules: readonly ReportedRule[] = [];
  /** Problems that temper.json hides. */
  @property({ attribute: false }) suppressed = 0;
  @property({ attribute: false }) isComplete = true;

  override render() {
    return html`<section class="card" aria-labelledby="heading">
      <h2 id="heading">${this.heading}</h2>
      ${this.rules.length === 0 ? html`<p class="dim">${this.isComplete ? 'None.' : 'None so far.'}</p>` : nothing}
      <ul aria-labelledby="heading">
        ${this.rules.map((rule) => this.renderRule(rule))}
      </ul>
      ${
        this.suppressed > 0
          ? html`<p class="dim">
              ${counted(this.suppressed, 'problem')} ${this.suppressed === 1 ? 'is' : 'are'} hidden by "lint.suppress" in
              temper.json.
            </p>`
          : nothing
      }
    </section>`;
  }

  private renderRule(rule: ReportedRule) {
    const { code, severity, count, places } = rule;
    return html`<li class="rule">
      <span class="icon ${severity}" role="img" aria-label=${severityTitles[severity]}>${severityIcons[severity]}</span>
      <span>
        <button
          class="quiet"
          aria-label="Read about the rule ${code}"
          @click=${() => {
            askReport(this, { kind: 'open-rule', code });
          }}
        >
          ${code}
        </button>
      </span>
      <span class="count">${formatCount(count)}</span>
      <span class="more">${rules[code].summary}. <span class="dim">${describeFiles(rule)}</span></span>
      <ul class="more places" aria-label="First places of ${code}">
        ${places.map((place) => this.renderPlace(place))}
        ${count > places.length && places.length > 0 ? html`<li class="dim">and ${formatCount(count - places.length)} more</li>` : nothing}
      </ul>
    </li>`;
  }

  private renderPlace(place: ReportedPlace) {
    const { kind, file, range, message } = place;
    const title = placeTitle(place);
    const link = html`<button
      class="quiet"
      @click=${() => {
        askReport(this, kind === 'text' ? { kind: 'open', file, range } : { kind: 'open', file });
      }}
    >
      ${title}
    </button>`;
    return html`<li>
      ${kind === 'row' ? html`<span>${title}</span>` : link}
      <span class="message" title=${message}>${message}</span>
    </li>`;
  }
}

function placeTitle({ kind, name, range }: ReportedPlace): string {
  switch (kind) {
    case 'text':
      return `${name}:${range.line}`;
    case 'row':
      return `${name}, row ${formatCount(range.line)}`;
    case 'file':
      return name;
    default:
      return kind satisfies never;
  }
}

function describeFiles({ files, count }: ReportedRule): string {
  const [only, second] = files;
  if (only === undefined) return '';
  if (second === undefined) return count === 1 ? '' : `All in ${only.name}.`;
  return `${files.map(({ name, count: inFile }) => `${formatCount(inFile)} in ${name}`).join(', ')}.`;
}

declare global {
  interface HTMLElementTagNameMap {
    'temper-problem-list': ProblemList;
  }
}
