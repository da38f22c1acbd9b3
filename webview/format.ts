/** Numbers as the panel prints them: always in English, always the same width of thought. */
import { formatMetric, metricDescriptions, type MetricName } from '../protocol/metrics';
import type { Interval } from '../protocol';

/** What stands where there is no number. */
export const missing = '–';

export function formatCount(value: number): string {
  return Math.round(value).toLocaleString('en-US');
}

/** Two significant digits and more only where they say something: 5e-3, 1.24e-3, 0. */
export function formatLearningRate(value: number): string {
  if (value === 0) return '0';
  return value
    .toExponential(2)
    .replace(/\.?0+e/, 'e')
    .replace('e+', 'e');
}

/** Three significant digits for numbers of any size. */
export function formatNumber(value: number): string {
  if (!Number.isFinite(value)) return missing;
  if (Math.abs(value) >= 1000) return formatCount(value);
  return String(Number(value.toPrecision(3)));
}

/** 0.3 → 30 %; one digit below ten. */
export function formatPercent(fraction: number): string {
  const percent = fraction * 100;
  return `${Math.abs(percent) < 10 ? Number(percent.toFixed(1)) : Math.round(percent)} %`;
}

/** 0.132 → 13.2 points: the difference of two shares. */
export function formatPoints(difference: number): string {
  const points = Number((Math.abs(difference) * 100).toFixed(1));
  return points === 1 ? '1 point' : `${points} points`;
}

export function formatBytes(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  const power = bytes < 1 ? 0 : Math.min(units.length - 1, Math.floor(Math.log10(bytes) / 3));
  const value = bytes / 1000 ** power;
  return `${power === 0 || value >= 100 ? Math.round(value) : value.toFixed(1)} ${units[power] ?? 'B'}`;
}

/** Two neighbouring units, the smaller one rounded to tens once minutes pass: 2 min 10 s, 1 h 5 min. */
export function formatDuration(ms: number): string {
  const seconds = Math.round(ms / 1000);
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3600) return joinUnits(Math.floor(seconds / 60), 'min', Math.floor((seconds % 60) / 10) * 10, 's');
  if (seconds < 86400) return joinUnits(Math.floor(seconds / 3600), 'h', Math.floor((seconds % 3600) / 60), 'min');
  return joinUnits(Math.floor(seconds / 86400), 'd', Math.floor((seconds % 86400) / 3600), 'h');
}

/** Millions of parameters as people say them: 5.4 M, 320 k, 870. */
export function formatParameters(count: number): string {
  if (count >= 1e9) return `${(count / 1e9).toFixed(1)} B`;
  if (count >= 1e6) return `${(count / 1e6).toFixed(1)} M`;
  return count >= 1e4 ? `${Math.round(count / 1e3)} k` : formatCount(count);
}

export function formatInterval({ low, high }: Interval): string {
  return `${formatMetric(low)} to ${formatMetric(high)}`;
}

/** Accuracy, Macro F1, Loss; `inSentence` for the middle of a sentence. */
export function metricTitle(metric: MetricName, inSentence = false): string {
  const { title } = metricDescriptions[metric];
  return inSentence && metric !== 'macroF1' ? title.toLowerCase() : inSentence ? 'macro F1' : title;
}

export function capitalize(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

function joinUnits(large: number, largeUnit: string, small: number, smallUnit: string): string {
  return small === 0 ? `${large} ${largeUnit}` : `${large} ${largeUnit} ${small} ${smallUnit}`;
}
