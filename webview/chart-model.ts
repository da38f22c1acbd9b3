/** What a chart shows, as data: layers over one x axis of steps, and the same numbers as words and as a table. Pure. */
import { formatMetric } from '../protocol/metrics';
import { formatCount } from './format';
import type { Series } from './series';

/** Names of the colours in tints.ts. */
export type Tint = 'train' | 'train-raw' | 'validation' | 'metric' | 'level';

export interface ChartPoint {
  readonly x: number;
  readonly y: number;
  /** The 95 % interval, where there is one. */
  readonly interval?: { readonly low: number; readonly high: number };
}

export type ChartLayer =
  /** Every step: thin as it is, and smoothed. */
  | { readonly kind: 'stream'; readonly title: string; readonly tint: Tint; readonly series: Series }
  /** Few measurements, each with a marker, in order of x. */
  | {
      readonly kind: 'points';
      readonly title: string;
      readonly tint: Tint;
      readonly marker: 'square' | 'disc';
      readonly points: readonly ChartPoint[];
    }
  /** One value for all steps, dashed. */
  | { readonly kind: 'level'; readonly title: string; readonly tint: Tint; readonly y: number };

export interface ChartModel {
  readonly xMax: number;
  /** 0 when unknown: the axis then counts steps. */
  readonly stepsPerEpoch: number;
  /** From 0 to 1 whatever the values, from 0 to the highest, or logarithmic. */
  readonly scale: 'unit' | 'linear' | 'log';
  readonly layers: readonly ChartLayer[];
  /** The best checkpoint. */
  readonly star?: { readonly x: number; readonly y: number };
}

export interface ReadoutLine {
  readonly title: string;
  readonly tint: Tint;
  readonly value: string;
}

export interface Readout {
  readonly x: number;
  readonly heading: string;
  readonly lines: readonly ReadoutLine[];
}

export const emptyChart: ChartModel = { xMax: 1, stepsPerEpoch: 0, scale: 'linear', layers: [] };

/** Nothing but levels is nothing to look at. */
export function isEmptyChart({ layers }: ChartModel): boolean {
  return layers.every(
    (layer) => layer.kind === 'level' || (layer.kind === 'stream' ? layer.series.length : layer.points.length) === 0,
  );
}

/** Not even a level: axes would measure nothing. */
export function isBlankChart(model: ChartModel): boolean {
  return isEmptyChart(model) && model.layers.every(({ kind }) => kind !== 'level');
}

/** Every x that has a value, ascending: where the arrow keys stop. */
export function stopsOf(model: ChartModel): number[] {
  const stops = new Set<number>();
  for (const layer of model.layers) for (const x of xsOf(layer)) stops.add(x);
  return [...stops].sort((left, right) => left - right);
}

/** Where Page Up and Page Down stop: the measurements. */
export function measuredStopsOf(model: ChartModel): number[] {
  return stopsOf({ ...model, layers: model.layers.filter(({ kind }) => kind === 'points') });
}

export function readoutAt(model: ChartModel, x: number): Readout {
  const epoch = model.stepsPerEpoch > 0 ? `, epoch ${(x / model.stepsPerEpoch).toFixed(2)}` : '';
  const lines = model.layers.flatMap((layer) => {
    const value = valueAt(layer, x);
    return value === undefined ? [] : [{ title: layer.title, tint: layer.tint, value }];
  });
  return { x, heading: `Step ${formatCount(x)}${epoch}`, lines };
}

export function formatReadout({ heading, lines }: Readout): string {
  return `${heading}: ${lines.map(({ title, value }) => `${title} ${value}`).join('; ')}`;
}

/** The table's twin of the chart: all measurements, and between them at most `limit` steps. */
export function tableOf(model: ChartModel, limit = 40): readonly Readout[] {
  const stops = stopsOf(model);
  const stride = Math.max(1, Math.ceil(stops.length / limit));
  const wanted = new Set(stops.filter((_, index) => index % stride === 0).concat(measuredStopsOf(model), stops.slice(-1)));
  return [...wanted].sort((left, right) => right - left).map((x) => exactReadout(model, x));
}

/** In a table a measurement stands only in the row in which it was made. */
function exactReadout(model: ChartModel, x: number): Readout {
  const layers = model.layers.filter((layer) => layer.kind !== 'points' || layer.points.some((point) => point.x === x));
  return readoutAt({ ...model, layers }, x);
}

function xsOf(layer: ChartLayer): number[] {
  if (layer.kind === 'points') return layer.points.map(({ x }) => x);
  if (layer.kind === 'level') return [];
  return Array.from({ length: layer.series.length }, (_, index) => layer.series.at(index)?.x ?? 0);
}

function valueAt(layer: ChartLayer, x: number): string | undefined {
  switch (layer.kind) {
    case 'level':
      return formatMetric(layer.y);
    case 'stream': {
      const point = layer.series.at(layer.series.nearest(x));
      return point && `${formatMetric(point.last)} (smoothed ${formatMetric(point.smooth)})`;
    }
    case 'points':
      return formatPoint(
        layer.points.findLast((point) => point.x <= x),
        x,
      );
    default:
      return layer satisfies never;
  }
}

function formatPoint(point: ChartPoint | undefined, x: number): string | undefined {
  if (point === undefined) return undefined;
  const { interval } = point;
  const between = interval ? ` (${formatMetric(interval.low)} to ${formatMetric(interval.high)})` : '';
  const where = point.x === x ? '' : ` at step ${formatCount(point.x)}`;
  return `${formatMetric(point.y)}${between}${where}`;
}
