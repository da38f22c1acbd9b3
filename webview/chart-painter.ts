/** Draws a chart model on a canvas. Knows pixels and colours; where they come from is the element's business. */
import { isBlankChart, type ChartLayer, type ChartModel, type Tint } from './chart-model';
import { stepTicks, ticksOf, valueScaleOf, xToPixel, yToPixel, type PlotArea, type ValueScale } from './chart-scale';
import { formatMetric } from '../protocol/metrics';

export interface ChartColours {
  readonly tints: Readonly<Record<Tint, string>>;
  readonly foreground: string;
  readonly dim: string;
  readonly grid: string;
  readonly surface: string;
  readonly font: string;
  /** Dashes, whiskers and markers instead of transparency. */
  readonly highContrast: boolean;
}

export interface Painting {
  readonly context: CanvasRenderingContext2D;
  readonly model: ChartModel;
  readonly colours: ChartColours;
  readonly area: PlotArea;
  readonly scale: ValueScale;
}

type Layer<Kind extends ChartLayer['kind']> = Extract<ChartLayer, { kind: Kind }>;

export const plotMargins = { left: 36, right: 8, top: 6, bottom: 22 };

export function plotAreaOf(width: number, height: number): PlotArea {
  const { left, right, top, bottom } = plotMargins;
  return { left, top, width: Math.max(1, width - left - right), height: Math.max(1, height - top - bottom) };
}

/** The whole picture; `cursor` is the step that is read out. */
export function paintChart(painting: Omit<Painting, 'scale'>, cursor?: number): void {
  if (isBlankChart(painting.model)) return;
  const whole: Painting = { ...painting, scale: valueScaleOf(painting.model) };
  paintGrid(whole);
  clipped(whole, () => {
    whole.model.layers.forEach((layer) => {
      paintLayer(whole, layer);
    });
  });
  if (whole.model.star) paintStar(whole, whole.model.star);
  if (cursor !== undefined) paintCursor(whole, cursor);
}

function paintGrid({ context, model, colours, area, scale }: Painting): void {
  context.font = colours.font;
  context.strokeStyle = colours.grid;
  context.fillStyle = colours.dim;
  context.lineWidth = 1;
  context.textAlign = 'right';
  context.textBaseline = 'middle';
  context.setLineDash(colours.highContrast ? [1, 4] : []);
  for (const { at, label } of ticksOf(scale)) {
    const y = Math.round(yToPixel(area, scale, at)) + 0.5;
    strokeLine(context, [area.left, y], [area.left + area.width, y]);
    context.fillText(label, area.left - 6, y);
  }
  context.setLineDash([]);
  paintStepTicks(
    context,
    area,
    stepTicks(model.xMax, model.stepsPerEpoch, area.width / 72).map((tick) => ({
      ...tick,
      x: xToPixel(area, model.xMax, tick.at),
    })),
  );
}

function paintStepTicks(context: CanvasRenderingContext2D, area: PlotArea, ticks: readonly { x: number; label: string }[]): void {
  const right = area.left + area.width;
  const bottom = area.top + area.height;
  context.textBaseline = 'alphabetic';
  for (const { x, label } of ticks) {
    strokeLine(context, [Math.round(x) + 0.5, bottom], [Math.round(x) + 0.5, bottom + 4]);
    context.textAlign = x > right - 24 ? 'right' : x < area.left + 4 ? 'left' : 'center';
    context.fillText(label, Math.min(x, right), bottom + 17);
  }
}

function paintLayer(painting: Painting, layer: ChartLayer): void {
  switch (layer.kind) {
    case 'stream': {
      paintStream(painting, layer);
      return;
    }
    case 'points': {
      paintPoints(painting, layer);
      return;
    }
    case 'level': {
      paintLevel(painting, layer);
      return;
    }
    default:
      return layer satisfies never;
  }
}

/** The extremes of each pixel column, then the smoothed line over them. */
function paintStream(painting: Painting, { series, tint }: Layer<'stream'>): void {
  const { context, model, colours, area, scale } = painting;
  const columns = series.columns(0, model.xMax, Math.ceil(area.width));
  const pitch = area.width / Math.max(1, Math.ceil(area.width) - 1);
  const xOf = (pixel: number): number => area.left + pixel * pitch;
  context.globalAlpha = colours.highContrast ? 1 : 0.32;
  context.strokeStyle = colours.tints['train-raw'];
  context.lineWidth = 1;
  tracePath(
    context,
    columns.flatMap(({ pixel, min, max }): Pixel[] => [
      [xOf(pixel), yToPixel(area, scale, max)],
      [xOf(pixel), yToPixel(area, scale, min)],
    ]),
  );
  context.globalAlpha = 1;
  context.strokeStyle = colours.tints[tint];
  context.lineWidth = colours.highContrast ? 2.5 : 1.75;
  tracePath(
    context,
    columns.map(({ pixel, smooth }): Pixel => [xOf(pixel), yToPixel(area, scale, smooth)]),
  );
}

function paintPoints(painting: Painting, layer: Layer<'points'>): void {
  const { context, model, colours, area, scale } = painting;
  const pixels = layer.points.map(({ x, y }): Pixel => [xToPixel(area, model.xMax, x), yToPixel(area, scale, y)]);
  context.strokeStyle = context.fillStyle = colours.tints[layer.tint];
  if (colours.highContrast) paintWhiskers(painting, layer);
  else paintBand(painting, layer);
  context.lineWidth = 1.75;
  context.setLineDash(colours.highContrast ? [7, 3] : []);
  tracePath(context, pixels);
  context.setLineDash([]);
  for (const pixel of pixels) paintMarker(context, layer.marker, pixel);
}

function paintBand({ context, model, area, scale }: Painting, { points }: Layer<'points'>): void {
  const held = points.flatMap(({ x, interval }) => (interval ? [{ x: xToPixel(area, model.xMax, x), ...interval }] : []));
  if (held.length === 0) return;
  context.globalAlpha = 0.18;
  context.beginPath();
  for (const { x, high } of held) context.lineTo(x, yToPixel(area, scale, high));
  for (const { x, low } of held.toReversed()) context.lineTo(x, yToPixel(area, scale, low));
  context.fill();
  context.globalAlpha = 1;
}

function paintWhiskers({ context, model, area, scale }: Painting, { points }: Layer<'points'>): void {
  context.lineWidth = 1;
  for (const { x, interval } of points) {
    if (interval === undefined) continue;
    const pixel = xToPixel(area, model.xMax, x);
    for (const end of [interval.low, interval.high]) {
      const y = yToPixel(area, scale, end);
      strokeLine(context, [pixel - 3, y], [pixel + 3, y]);
    }
    strokeLine(context, [pixel, yToPixel(area, scale, interval.low)], [pixel, yToPixel(area, scale, interval.high)]);
  }
}

function paintLevel({ context, colours, area, scale }: Painting, { y, tint }: Layer<'level'>): void {
  const pixel = Math.round(yToPixel(area, scale, y)) + 0.5;
  context.strokeStyle = colours.tints[tint];
  context.lineWidth = 1;
  context.setLineDash([4, 4]);
  strokeLine(context, [area.left, pixel], [area.left + area.width, pixel]);
  context.setLineDash([]);
}

function paintStar({ context, model, colours, area, scale }: Painting, { x, y }: { x: number; y: number }): void {
  const center: Pixel = [xToPixel(area, model.xMax, x), yToPixel(area, scale, y)];
  context.strokeStyle = context.fillStyle = colours.foreground;
  context.lineWidth = 1.5;
  context.beginPath();
  context.arc(center[0], center[1], 7, 0, 2 * Math.PI);
  context.stroke();
  context.textAlign = center[0] > area.left + area.width - 30 ? 'right' : 'center';
  context.textBaseline = 'alphabetic';
  const below = center[1] < area.top + 24;
  haloText(context, `★ ${formatMetric(y)}`, [center[0], center[1] + (below ? 21 : -13)], colours.surface);
}

function paintCursor({ context, model, colours, area }: Painting, cursor: number): void {
  const x = Math.round(xToPixel(area, model.xMax, cursor)) + 0.5;
  context.strokeStyle = colours.foreground;
  context.lineWidth = 1;
  context.setLineDash([2, 2]);
  strokeLine(context, [x, area.top], [x, area.top + area.height]);
  context.setLineDash([]);
}

type Pixel = readonly [x: number, y: number];

function paintMarker(context: CanvasRenderingContext2D, marker: 'square' | 'disc', [x, y]: Pixel): void {
  if (marker === 'square') {
    context.fillRect(x - 2.5, y - 2.5, 5, 5);
    return;
  }
  context.beginPath();
  context.arc(x, y, 3, 0, 2 * Math.PI);
  context.fill();
}

/** Text that stays readable over lines. */
function haloText(context: CanvasRenderingContext2D, text: string, [x, y]: Pixel, halo: string): void {
  context.strokeStyle = halo;
  context.lineWidth = 3;
  context.lineJoin = 'round';
  context.strokeText(text, x, y);
  context.fillText(text, x, y);
}

function tracePath(context: CanvasRenderingContext2D, pixels: readonly Pixel[]): void {
  context.lineJoin = 'round';
  context.beginPath();
  for (const [x, y] of pixels) context.lineTo(x, y);
  context.stroke();
}

function strokeLine(context: CanvasRenderingContext2D, from: Pixel, to: Pixel): void {
  context.beginPath();
  context.moveTo(...from);
  context.lineTo(...to);
  context.stroke();
}

function clipped({ context, area }: Painting, paint: () => void): void {
  context.save();
  context.beginPath();
  context.rect(area.left, area.top - 4, area.width + 4, area.height + 4);
  context.clip();
  paint();
  context.restore();
}
