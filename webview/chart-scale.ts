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

/** The top of the y axis, which begins at 0: what is smoothed and measured decides, single spikes do not. */
export function yMaxOf(model: ChartModel): number {
  if (model.unitInterval) return 1;
  const highest = Math.max(0, ...model.layers.map((layer) => highestOf(layer, model.xMax)));
  if (highest === 0) return 1;
  const step = niceStep(highest * 1.04, 5);
  return Math.ceil((highest * 1.04) / step) * step;
}

/** About `count` round values from 0 to `max`. */
export function valueTicks(max: number, count = 5): Tick[] {
  const step = niceStep(max, count);
  const digits = Math.max(step < 1 ? 1 : 0, -Math.floor(Math.log10(step) + 1e-9));
  const ticks: Tick[] = [];
  for (let index = 0; index * step <= max * 1.001; index++) ticks.push({ at: index * step, label: (index * step).toFixed(digits) });
  return ticks;
}

/** Ends of epochs when they are known and at least one fits, else round numbers of steps. */
export function stepTicks(xMax: number, stepsPerEpoch: number, count = 6): Tick[] {
  const epochs = stepsPerEpoch > 0 ? xMax / stepsPerEpoch : 0;
  if (epochs < 1) return valueTicks(xMax, count).map(({ at }) => ({ at, label: formatCount(at) }));
  const every = Math.max(1, niceStep(epochs, count));
  const ticks: Tick[] = [{ at: 0, label: '0' }];
  for (let epoch = every; epoch <= epochs + 1e-9; epoch += every) {
    ticks.push({ at: epoch * stepsPerEpoch, label: `epoch ${epoch}` });
  }
  return ticks;
}

export function xToPixel(area: PlotArea, xMax: number, x: number): number {
  return area.left + (x / xMax) * area.width;
}

export function pixelToX(area: PlotArea, xMax: number, pixel: number): number {
  return Math.min(xMax, Math.max(0, ((pixel - area.left) / area.width) * xMax));
}

export function yToPixel(area: PlotArea, yMax: number, y: number): number {
  return area.top + (1 - y / yMax) * area.height;
}

/** 1, 2 or 5 times a power of ten: the smallest with no more than `count` steps to `max`. */
function niceStep(max: number, count: number): number {
  const raw = max / count;
  const power = 10 ** Math.floor(Math.log10(raw));
  const factor = [1, 2, 5, 10].find((candidate) => candidate * power >= raw * 0.999) ?? 10;
  return factor * power;
}

function highestOf(layer: ChartLayer, xMax: number): number {
  switch (layer.kind) {
    case 'level':
      return layer.y;
    case 'points':
      return Math.max(0, ...layer.points.map(({ y }) => y));
    case 'stream':
      return Math.max(0, ...layer.series.columns(0, xMax, 400).map(({ smooth }) => smooth));
    default:
      return layer satisfies never;
  }
}
