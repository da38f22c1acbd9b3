/** Training loss at every step, validation loss at every evaluation, the untouched model's loss, the best checkpoint. */
import { LitElement, css, html } from 'lit';
import { customElement, property } from 'lit/decorators.js';
import type { RunState } from '../protocol';
import { initialRunState, isEnded } from '../protocol/run-state';
import type { ChartLayer, ChartModel, ChartPoint } from './chart-model';
import { describeLoss } from './chart-summaries';
import './line-chart';
import { measurementOf, validationCurve } from './measurements';
import { StepHistory } from './step-history';

@customElement('temper-loss-chart')
export class LossChart extends LitElement {
  static override styles = css`
    :host {
      display: grid;
      min-width: 0;
    }
  `;

  @property({ attribute: false }) run: RunState = initialRunState;
  @property({ attribute: false }) history = new StepHistory();
  @property({ type: Boolean }) asTable = false;

  /** Draws with the next frame: the history has grown. */
  redraw(): void {
    this.renderRoot.querySelector('temper-line-chart')?.redraw();
  }

  override render() {
    const model = createLossModel(this.run, this.history);
    return html`<temper-line-chart
      heading=${model.scale === 'log' ? 'Loss, log scale' : 'Loss'}
      placeholder="The curve begins with the first step."
      .model=${model}
      .summary=${describeLoss(this.run, this.history)}
      .asTable=${this.asTable}
    ></temper-line-chart>`;
  }
}

export function createLossModel(run: RunState, history: StepHistory): ChartModel {
  const points = validationPoints(run);
  const star = points.find(({ x }) => x === run.best?.step);
  const base = measurementOf(run, 'base', 'validation')?.metrics.loss;
  const layers: ChartLayer[] = [
    { kind: 'stream', title: 'train', tint: 'train', series: history.curves.loss },
    { kind: 'points', title: 'validation', tint: 'validation', marker: 'square', points },
    ...(base === undefined ? [] : [{ kind: 'level', title: 'untouched model', tint: 'level', y: base } as const]),
  ];
  return { ...xAxisOf(run), scale: scaleOf(points, base), layers, ...(star && { star }) };
}

/** When learning divides the loss by more than this, a linear axis would hide all that happens after the fall. */
const logarithmicFrom = 6;

/** For values that fall, such as a loss or a perplexity. */
export function scaleOf(points: readonly ChartPoint[], base: number | undefined): 'linear' | 'log' {
  const values = points.map(({ y }) => y);
  const lowest = Math.min(...values);
  return lowest > 0 && Math.max(base ?? 0, ...values) / lowest >= logarithmicFrom ? 'log' : 'linear';
}

/** The whole run while it goes on, what there is of it once it has ended. */
export function xAxisOf({ plan, lastStep, phase }: RunState): { readonly xMax: number; readonly stepsPerEpoch: number } {
  const done = lastStep?.step ?? 0;
  const planned = isEnded(phase) && done > 0 ? 0 : (plan?.totalSteps ?? 0);
  return { xMax: Math.max(1, done, planned), stepsPerEpoch: plan?.stepsPerEpoch ?? 0 };
}

function validationPoints(run: RunState): ChartPoint[] {
  return validationCurve(run).flatMap(({ step, metrics }) => (metrics.loss === undefined ? [] : [{ x: step, y: metrics.loss }]));
}

declare global {
  interface HTMLElementTagNameMap {
    'temper-loss-chart': LossChart;
  }
}
