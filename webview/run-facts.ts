/** What was run, folded away at the foot of the panel: model, data, and the settings that were chosen, with reasons. */
import { LitElement, css, html, nothing } from 'lit';
import { customElement, property } from 'lit/decorators.js';
import type { PlanFacts, RunHeader, RunState } from '../protocol';
import { initialRunState } from '../protocol/run-state';
import { formatCount, formatLearningRate, formatNumber, formatParameters, formatPercent } from './format';
import { splitTitles } from './measurements';
import { describeChoice } from './observations';
import { sharedStyles } from './styles';

@customElement('temper-run-facts')
export class RunFacts extends LitElement {
  static override styles = [
    ...sharedStyles,
    css`
      summary {
        cursor: pointer;
      }
      summary:focus-visible {
        outline: 1px solid var(--temper-focus);
        outline-offset: 2px;
      }
      h2 {
        display: inline;
      }
      dl {
        display: grid;
        gap: 4px 16px;
        grid-template-columns: max-content 1fr;
        margin: 8px 0 0;
      }
      dt {
        color: var(--temper-dim);
      }
      dd {
        margin: 0;
        overflow-wrap: anywhere;
      }
    `,
  ];

  @property({ attribute: false }) header: RunHeader | undefined;
  @property({ attribute: false }) run: RunState = initialRunState;

  override render() {
    const { plan } = this.run;
    if (this.header === undefined) return nothing;
    const facts: [string, string][] = [
      ['Run', this.header.runId],
      ['Project', this.header.projectName],
      ['Model', this.header.model],
      ['Method', this.header.method],
      ...(plan ? collectPlanFacts(plan) : []),
    ];
    return html`<details class="card">
      <summary><h2>About this run</h2></summary>
      <dl>
        ${facts.map(
          ([name, value]) =>
            html`<dt>${name}</dt>
              <dd>${value}</dd>`,
        )}
      </dl>
    </details>`;
  }
}

/** A model that writes has none. */
function labelFacts(labels: readonly string[]): [string, string][] {
  if (labels.length === 0) return [];
  return [['Labels', `${labels.length}: ${labels.slice(0, 12).join(', ')}${labels.length > 12 ? ' …' : ''}`]];
}

function collectPlanFacts(plan: PlanFacts): [string, string][] {
  const { total, trained } = plan.parameters;
  const rows = (['train', 'validation', 'test', 'ood'] as const).flatMap((split) => {
    const count = plan.rows[split];
    return count === undefined ? [] : [`${formatCount(count)} ${splitTitles[split]}`];
  });
  return [
    [
      'Parameters',
      `${formatParameters(trained)} trained of ${formatParameters(total)} (${formatPercent(trained / Math.max(1, total))})`,
    ],
    ['Rows', rows.join(', ')],
    ...labelFacts(plan.labels),
    [
      'Schedule',
      `${formatCount(plan.totalSteps)} steps, ${formatNumber(plan.epochs)} epochs, peak learning rate ${formatLearningRate(plan.learningRate)}`,
    ],
    ...plan.chosen.map((choice): [string, string] => ['Chosen', Object.values(describeChoice(choice)).join('')]),
  ];
}
