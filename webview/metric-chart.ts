/** The held-out metric at every evaluation with its 95 % interval, the untouched model's, and the best checkpoint. */
import { LitElement, css, html } from 'lit';
import { customElement, property } from 'lit/decorators.js';
import type { RunState } from '../protocol';
import { metricDescriptions } from '../protocol/metrics';
import { initialRunState } from '../protocol/run-state';
import type { ChartLayer, ChartModel, ChartPoint } from './chart-model';
import { describeHeldOut } from './chart-summaries';
import './line-chart';
import { scaleOf, xAxisOf } from './loss-chart';
import { heldOutMetric, heldOutTitle, measurementOf, validationCurve } from './measurements';

@customElement('temper-metric-chart')
export class MetricChart extends LitElement {
  static override styles = css`
    :host {
      display: grid;
      min-width: 0;
    }
  `;

  @property({ attribute: false }) run: RunState = initialRunState;
  @property({ type: Boolean }) asTable = false;

  override render() {
    const model = createMetricModel(this.run);
    const title = `Held-out ${heldOutTitle(this.run, heldOutMetric(this.run))}`;
    return html`<temper-line-chart
      heading=${model.scale === 'log' ? `${title}, log scale` : title}
      placeholder="The curve begins with the first evaluation."
      .model=${model}
      .summary=${describeHeldOut(this.run)}
      .asTable=${this.asTable}
    ></temper-line-chart>`;
  }
}

export function createMetricModel(run: RunState): ChartModel {
  const metric = heldOutMetric(run);
  const points = heldOutPoints(run);
  const star = points.find(({ x }) => x === run.best?.step);
  const base = measurementOf(run, 'base', 'validation')?.metrics[metric];
  const layers: ChartLayer[] = [
    { kind: 'points', title: 'validation', tint: 'metric', marker: 'disc', points },
    ...(base === undefined ? [] : [{ kind: 'level', title: 'untouched model', tint: 'level', y: base } as const]),
  ];
  const scale = metricDescriptions[metric].unitInterval ? 'unit' : scaleOf(points, base);
  return { ...xAxisOf(run), scale, layers, ...(star && { star }) };
}

/** The interval is the accuracy's; other metrics have none. */
function heldOutPoints(run: RunState): ChartPoint[] {
  const metric = heldOutMetric(run);
  return validationCurve(run).flatMap(({ step, metrics, accuracyInterval }) => {
    const value = metrics[metric];
    if (value === undefined) return [];
    return [{ x: step, y: value, ...(metric === 'accuracy' && accuracyInterval && { interval: accuracyInterval }) }];
  });
}

declare global {
  interface HTMLElementTagNameMap {
    'temper-metric-chart': MetricChart;
  }
}
