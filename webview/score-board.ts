/**
 * Who does how well on which held-out rows: the commonest class, the untouched model, the best checkpoint. A model that
 * writes has no class to guess, and beside its perplexity the share of tokens that it would have chosen itself.
 */
import { LitElement, css, html, nothing } from 'lit';
import { customElement, property } from 'lit/decorators.js';
import type { EvaluationFacts, RunState, Split } from '../protocol';
import { formatMetric } from '../protocol/metrics';
import { initialRunState, isEnded } from '../protocol/run-state';
import { formatCount, formatInterval, missing } from './format';
import './interval-glyph';
import {
  bestMeasurement,
  heldOutMetric,
  heldOutSplits,
  heldOutTitle,
  isWriting,
  measurementOf,
  splitTitles,
} from './measurements';
import { sharedStyles, tableStyles } from './styles';

@customElement('temper-score-board')
export class ScoreBoard extends LitElement {
  static override styles = [
    ...sharedStyles,
    tableStyles,
    css`
      .rows {
        color: var(--temper-dim);
        font-size: 12px;
        font-weight: normal;
      }
      thead th {
        white-space: normal;
      }
      @media (max-width: 560px) {
        .further {
          display: none;
        }
      }
      @media (max-width: 600px) {
        temper-interval-glyph,
        .rows {
          display: none;
        }
      }
    `,
  ];

  @property({ attribute: false }) run: RunState = initialRunState;

  override render() {
    const splits = heldOutSplits(this.run);
    const title = `Scoreboard: ${heldOutTitle(this.run, heldOutMetric(this.run))}`;
    return html`<section class="card" aria-labelledby="heading">
      <h2 id="heading">${title}</h2>
      <div class="scroll">
        <table aria-labelledby="heading">
          <thead>
            <tr>
              <th scope="col">model</th>
              ${splits.map((split) => this.renderHeading(split))}
            </tr>
          </thead>
          <tbody>
            ${isWriting(this.run) ? nothing : this.renderModel('majority class', splits, (split) => measurementOf(this.run, 'majority', split))}
            ${this.renderModel('untouched model', splits, (split) => measurementOf(this.run, 'base', split))}
            ${this.renderModel(this.bestTitle, splits, (split) => bestMeasurement(this.run, split))}
          </tbody>
        </table>
      </div>
    </section>`;
  }

  private get bestTitle(): string {
    const { best } = this.run;
    return best === undefined ? 'best checkpoint' : `★ step ${formatCount(best.step)}`;
  }

  private renderHeading(split: Split) {
    const heading = html`<th scope="col" class="number">${splitTitles[split]} ${this.renderRows(split)}</th>`;
    if (!isWriting(this.run)) return heading;
    return html`${heading}
      <th scope="col" class="number further">
        <span class="unseen">${splitTitles[split]}: </span>${heldOutTitle(this.run, 'accuracy')}
      </th>`;
  }

  private renderRows(split: Split) {
    const rows = this.run.plan?.rows[split];
    return rows === undefined ? nothing : html`<span class="rows">(${formatCount(rows)} rows)</span>`;
  }

  private renderModel(title: string, splits: readonly Split[], measured: (split: Split) => EvaluationFacts | undefined) {
    return html`<tr>
      <th scope="row">${title}</th>
      ${splits.map((split) => this.renderScores(split, measured(split)))}
    </tr>`;
  }

  private renderScores(split: Split, measurement: EvaluationFacts | undefined) {
    const score = html`<td class="number">${this.renderScore(split, measurement)}</td>`;
    if (!isWriting(this.run)) return score;
    return html`${score}
      <td class="number further">${formatMetric(measurement?.metrics.accuracy)}</td>`;
  }

  private renderScore(split: Split, measurement: EvaluationFacts | undefined) {
    const metric = heldOutMetric(this.run);
    const value = measurement?.metrics[metric];
    if (value === undefined) return html`<span class="dim">${this.whenMeasured(split)}</span>`;
    const interval = metric === 'accuracy' ? measurement?.accuracyInterval : undefined;
    if (interval === undefined) return formatMetric(value);
    const words = `95 % between ${formatInterval(interval)}`;
    return html`<span title=${words}
      >${formatMetric(value)}<span class="unseen"> ${words}</span
      ><temper-interval-glyph .value=${value} .interval=${interval}></temper-interval-glyph
    ></span>`;
  }

  /** The test rows are looked at once, when the best checkpoint is known. */
  private whenMeasured(split: Split): string {
    return split === 'validation' || isEnded(this.run.phase) ? missing : 'at the end';
  }
}
