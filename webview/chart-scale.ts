/** Where things stand on a chart: ranges, round ticks and the two mappings to pixels. Pure. */
import { formatCount } from './format';
import type { ChartLayer, ChartModel } from './chart-model';

export interface Tick {
  readonly at: number;
  readonly label: string;
}

export interface PlotArea {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

export interface ValueScale {
  readonly min: number;
  readonly max: number;
  readonly logarithmic: boolean;
}

/** What is smoothed and measured decides where the y axis begins and ends; single spikes do not. */
export function valueScaleOf(model: ChartModel): ValueScale {
  if (model.scale === 'unit') return { min: 0, max: 1, logarithmic: false };
  const values = model.layers.flatMap((layer) => valuesOf(layer, model.xMax)).filter((value) => Number.isFinite(value));
  const highest = Math.max(0, ...values);
  if (model.scale === 'log') return logarithmicScale(model, values, highest);
  if (highest === 0) return { min: 0, max: 1, logarithmic: false };
  const step = niceStep(highest * 1.04, 5);
  return { min: 0, max: Math.ceil((highest * 1.04) / step) * step, logarithmic: false };
}

/** Down to the lowest value, but no further than a quarter of the lowest measurement: training loss may go to nothing. */
function logarithmicScale(model: ChartModel, values: readonly number[], highest: number): ValueScale {
  const measured = model.layers.flatMap((layer) => (layer.kind === 'points' ? layer.points.map(({ y }) => y) : []));
  const floor = Math.min(...measured) / 4;
  const lowest = Math.min(...values.map((value) => Math.max(floor, value)));
  return { min: lowest / 2, max: highest * 1.3, logarithmic: true };
}

export function ticksOf(scale: ValueScale): Tick[] {
  return scale.logarithmic ? logarithmicTicks(scale) : valueTicks(scale.max);
}

/** 1, 2 and 5 times powers of ten. */
function logarithmicTicks({ min, max }: ValueScale): Tick[] {
  const ticks: Tick[] = [];
  for (let power = Math.floor(Math.log10(min)); power <= Math.log10(max); power++) {
    for (const factor of [1, 2, 5]) {
      const at = factor * 10 ** power;
      if (at >= min && at <= max) ticks.push({ at, label: power < -3 ? at.toExponential(0) : at.toFixed(Math.max(0, -power)) });
    }
  }
  return ticks;
}

/** About `count` round values from 0 to `max`. */
export function valueTicks(max: number, count = 5): Tick[] {
  const step = niceStep(max, count);
  const digits = Math.max(step < 1 ? 1 : 0, -Math.floor(Math.log10(step) + 1e-9));
  const ticks: Tick[] = [];
  for (let index = 0; index * step <= max * 1.001; index++)
    ticks.push({ at: index * step, label: (index * step).toFixed(digits) });
  return ticks;
}

/** Ends of epochs when they are known and at least one fits, else round numbers of steps. */
export function stepTicks(xMax: number, stepsPerEpoch: number, count = 6): Tick[] {
  const epochs = stepsPerEpoch > 0 ? xMax / stepsPerEpoch : 0;
  if (epochs < 1) return wholeSteps(xMax, count);
  const every = Math.max(1, niceStep(epochs, count));
  const ticks: Tick[] = [{ at: 0, label: '0' }];
  for (let epoch = every; epoch <= epochs + 1e-9; epoch += every) {
    ticks.push({ at: epoch * stepsPerEpoch, label: `epoch ${epoch}` });
  }
  return ticks;
}

function wholeSteps(xMax: number, count: number): Tick[] {
  const step = Math.max(1, niceStep(xMax, count));
  return Array.from({ length: Math.floor(xMax / step) + 1 }, (_, index) => ({
    at: index * step,
    label: formatCount(index * step),
  }));
}

export function xToPixel(area: PlotArea, xMax: number, x: number): number {
  return area.left + (x / xMax) * area.width;
}

export function pixelToX(area: PlotArea, xMax: number, pixel: number): number {
  return Math.min(xMax, Math.max(0, ((pixel - area.left) / area.width) * xMax));
}

export function yToPixel(area: PlotArea, { min, max, logarithmic }: ValueScale, y: number): number {
  const part = logarithmic ? Math.log(Math.max(y, min / 10) / min) / Math.log(max / min) : (y - min) / (max - min);
  return area.top + (1 - part) * area.height;
}

/** 1, 2 or 5 times a power of ten: the smallest with no more than `count` steps to `max`. */
function niceStep(max: number, count: number): number {
  const raw = max / count;
  const power = 10 ** Math.floor(Math.log10(raw));
  const factor = [1, 2, 5, 10].find((candidate) => candidate * power >= raw * 0.999) ?? 10;
  return factor * power;
}

function valuesOf(layer: ChartLayer, xMax: number): number[] {
  switch (layer.kind) {
    case 'level':
      return [layer.y];
    case 'points':
      return layer.points.map(({ y }) => y);
    case 'stream':
      return layer.series.columns(0, xMax, 400).map(({ smooth }) => smooth);
    default:
      return layer satisfies never;
  }
}
