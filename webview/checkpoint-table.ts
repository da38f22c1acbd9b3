/** The checkpoints on disk, newest first; each can be measured on the spot and shows how far that is. */
import { LitElement, css, html, nothing } from 'lit';
import { customElement, property } from 'lit/decorators.js';
import type { CheckpointFacts, MetricValues, RunState } from '../protocol';
import { formatMetric } from '../protocol/metrics';
import { initialRunState } from '../protocol/run-state';
import { ask } from './ask';
import { formatBytes, formatCount } from './format';
import { checkpointMetrics, heldOutTitle, splitTitles } from './measurements';
import type { RowEvaluation } from './panel-state';
import { sharedStyles, tableStyles } from './styles';

@customElement('temper-checkpoint-table')
export class CheckpointTable extends LitElement {
  static override styles = [
    ...sharedStyles,
    tableStyles,
    css`
      td:last-child {
        text-align: right;
        white-space: normal;
        width: 40%;
      }
      .status {
        align-items: center;
        display: inline-flex;
        gap: 6px;
        margin-right: 10px;
        vertical-align: middle;
      }
      .quiet {
        vertical-align: middle;
      }
      .failed {
        color: var(--vscode-errorForeground);
      }
      vscode-progress-ring {
        height: 14px;
        width: 14px;
      }
      p {
        margin: 6px 0 0;
      }
      @media (prefers-reduced-motion: reduce) {
        vscode-progress-ring {
          display: none;
        }
      }
      @media (max-width: 600px) {
        .size {
          display: none;
        }
        .status {
          margin-right: 4px;
        }
      }
    `,
  ];

  @property({ attribute: false }) run: RunState = initialRunState;
  /** One-click evaluations by step. */
  @property({ attribute: false }) evaluations: ReadonlyMap<number, RowEvaluation> = new Map();

  override render() {
    const { checkpoints } = this.run;
    return html`<section class="card" aria-labelledby="heading">
      <h2 id="heading">Checkpoints</h2>
      ${checkpoints.length === 0 ? html`<p class="dim">None saved yet: the first one comes with the first evaluation.</p>` : this.renderTable(checkpoints)}
    </section>`;
  }

  private renderTable(checkpoints: readonly CheckpointFacts[]) {
    return html`<div class="scroll">
      <table aria-labelledby="heading">
        <thead>
          <tr>
            <th scope="col">step</th>
            ${checkpointMetrics(this.run).map((metric) => html`<th scope="col" class="number">${heldOutTitle(this.run, metric)}</th>`)}
            <th scope="col" class="number size">size</th>
            <th scope="col"><span class="unseen">evaluation</span></th>
          </tr>
        </thead>
        <tbody>
          ${checkpoints.toSorted((left, right) => right.step - left.step).map((checkpoint) => this.renderCheckpoint(checkpoint))}
        </tbody>
      </table>
    </div>`;
  }

  private renderCheckpoint({ step, bytes, metrics }: CheckpointFacts) {
    const isBest = step === this.run.best?.step;
    const evaluation = this.evaluations.get(step);
    const busy = evaluation?.kind === 'asked' || evaluation?.kind === 'running';
    return html`<tr>
      <th scope="row">${isBest ? html`<span role="img" aria-label="best">★</span> ` : nothing}${formatCount(step)}</th>
      ${checkpointMetrics(this.run).map((metric) => html`<td class="number">${formatMetric(metrics[metric])}</td>`)}
      <td class="number size">${formatBytes(bytes)}</td>
      <td>
        <span aria-live="polite">${evaluation ? renderStatus(evaluation, this.run) : nothing}</span>
        <button
          class="quiet"
          ?disabled=${busy}
          aria-label=${`Evaluate step ${formatCount(step)}`}
          @click=${() => {
            ask(this, { kind: 'evaluate', step });
          }}
        >
          Evaluate
        </button>
      </td>
    </tr>`;
  }
}

function renderStatus(evaluation: RowEvaluation, run: RunState) {
  switch (evaluation.kind) {
    case 'asked':
      return html`<span class="status dim"><vscode-progress-ring></vscode-progress-ring>starting</span>`;
    case 'running':
      return html`<span class="status dim"
        ><vscode-progress-ring></vscode-progress-ring>${nameOf(evaluation.split)}: ${formatCount(evaluation.done)} of
        ${formatCount(evaluation.total)}</span
      >`;
    case 'done':
      return html`<span class="status">${nameOf(evaluation.split)} ${formatMetrics(evaluation.metrics, run)}</span>`;
    case 'failed':
      return html`<span class="status failed">✕ ${evaluation.message}</span>`;
    default:
      return evaluation satisfies never;
  }
}

function formatMetrics(metrics: MetricValues, run: RunState): string {
  const known = checkpointMetrics(run).filter((metric) => metrics[metric] !== undefined);
  return known.map((metric) => `${heldOutTitle(run, metric)} ${formatMetric(metrics[metric])}`).join(', ');
}

/** The host may evaluate other files than the run's own splits. */
function nameOf(split: string): string {
  return Object.entries(splitTitles).find(([known]) => known === split)?.[1] ?? split;
}
