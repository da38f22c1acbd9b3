/** The metrics Temper knows, each with its name, direction and format: adding one is adding a row. */
import { z } from 'zod';

export interface MetricDescription {
  readonly title: string;
  readonly higherIsBetter: boolean;
  /** Metrics between 0 and 1 are drawn on a fixed axis. */
  readonly unitInterval: boolean;
}

export const metricDescriptions = {
  loss: { title: 'Loss', higherIsBetter: false, unitInterval: false },
  perplexity: { title: 'Perplexity', higherIsBetter: false, unitInterval: false },
  accuracy: { title: 'Accuracy', higherIsBetter: true, unitInterval: true },
  macroF1: { title: 'Macro F1', higherIsBetter: true, unitInterval: true },
} as const satisfies Record<string, MetricDescription>;

export type MetricName = keyof typeof metricDescriptions;
export type MetricValues = Readonly<Partial<Record<MetricName, number | undefined>>>;

const metricValue = z.number().optional();
/** Written by hand, so that a reader sees the names; `satisfies` keeps it complete. */
export const metricValuesSchema = z.object({
  loss: metricValue,
  perplexity: metricValue,
  accuracy: metricValue,
  macroF1: metricValue,
} satisfies Record<MetricName, typeof metricValue>);

export const metricNames = Object.keys(metricDescriptions) as MetricName[]; // keys of a closed literal

/** Whether `value` is better than `reference`; the first value is better than none. NaN is never better. */
export function isBetter(metric: MetricName, value: number, reference: number | undefined): boolean {
  if (Number.isNaN(value)) return false;
  if (reference === undefined || Number.isNaN(reference)) return true;
  return metricDescriptions[metric].higherIsBetter ? value > reference : value < reference;
}

/** Three decimals, as the field prints them, and fewer for perplexities of 10 and more; a missing value is a dash. */
export function formatMetric(value: number | undefined): string {
  if (value === undefined || Number.isNaN(value)) return '–';
  return value < 9.9995 ? value.toFixed(3) : formatLarge(value);
}

/** 31.42, 812.3, 12,346: four digits, and all of a large whole number. */
function formatLarge(value: number): string {
  return value < 999.95 ? value.toPrecision(4) : Math.round(value).toLocaleString('en-US');
}
