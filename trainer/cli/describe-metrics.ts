/** Metrics in one line, for people at a terminal. */
import { formatMetric, metricDescriptions, type Interval, type MetricName, type MetricValues } from '../../protocol';

const order: readonly MetricName[] = ['accuracy', 'macroF1', 'perplexity', 'loss'];

/** `accuracy 0.825 (0.747 to 0.883), macro F1 0.801, loss 0.512`: those that are there. */
export function describeMetrics(metrics: MetricValues, accuracyInterval?: Interval, separator = ', '): string {
  const known = order.filter((name) => metrics[name] !== undefined);
  return known.map((name) => describe(name, metrics[name], name === 'accuracy' ? accuracyInterval : undefined)).join(separator);
}

function describe(name: MetricName, value: number | undefined, interval: Interval | undefined): string {
  const { title } = metricDescriptions[name];
  const spread = interval ? ` (${formatMetric(interval.low)} to ${formatMetric(interval.high)})` : '';
  return `${title.charAt(0).toLowerCase()}${title.slice(1)} ${formatMetric(value)}${spread}`;
}
