/**
 * Pillow's resize, to the bit: separable, widened where an image shrinks so that no pixel is lost, whole numbers of 22 bits
 * after the point, rounded to 8 bits after each of the two passes. Models were trained on its pixels.
 * https://github.com/python-pillow/Pillow/blob/main/src/libImaging/Resample.c
 */
import type { PixelImage } from './decode';

/** How far a filter reaches, and what it weighs at a distance within its reach. */
interface Filter {
  readonly support: number;
  readonly weigh: (distance: number) => number;
}

const sinc = (x: number) => (x === 0 ? 1 : Math.sin(x * Math.PI) / (x * Math.PI));

/** By Pillow's numbers, which preprocessor_config.json has as `resample`. */
const filters: ReadonlyMap<number, Filter> = new Map<number, Filter>([
  [1, { support: 3, weigh: (x) => (x >= -3 && x < 3 ? sinc(x) * sinc(x / 3) : 0) }], // Lanczos
  [2, { support: 1, weigh: (x) => Math.max(0, 1 - Math.abs(x)) }], // bilinear
  [3, { support: 2, weigh: (x) => bicubic(Math.abs(x)) }],
  [4, { support: 0.5, weigh: (x) => (x > -0.5 && x <= 0.5 ? 1 : 0) }], // box
]);
export const resampleNumbers: readonly number[] = [...filters.keys()];

/** Keys' cubic with a = -1/2. */
function bicubic(x: number): number {
  const a = -0.5;
  if (x < 1) return ((a + 2) * x - (a + 3)) * x * x + 1;
  return x < 2 ? (((x - 5) * x + 8) * x - 4) * a : 0;
}

const fractionBits = 32 - 8 - 2;
const oneHalf = 2 ** (fractionBits - 1);

/** `resample` must be one of `resampleNumbers`. */
export function resize(image: PixelImage, width: number, height: number, resample: number): PixelImage {
  const filter = filters.get(resample);
  if (filter === undefined) throw new Error(`There is no resampling filter ${resample}.`);
  const columns = (from: PixelImage) => (width === from.width ? from : resizeRows(from, width, filter));
  const rows = (from: PixelImage) => (height === from.height ? from : resizeColumns(from, height, filter));
  return isHeightFirst(image, width, height) ? columns(rows(image)) : rows(columns(image));
}

/** The order shows in the last bit. Pillow 13 (found by trying it on 882 sizes); earlier ones begin with the width always. */
function isHeightFirst(from: PixelImage, width: number, height: number): boolean {
  return height < from.height && 2 * (from.width - width) < from.height - height;
}

function resizeRows({ width: from, height, pixels }: PixelImage, width: number, filter: Filter): PixelImage {
  const taps = weighTaps(from, width, filter);
  const resized = new Uint8Array(width * height * 3);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      blend(pixels, { at: y * from * 3, stride: 3 }, taps[x], resized, (y * width + x) * 3);
    }
  }
  return { width, height, pixels: resized };
}

function resizeColumns({ width, height: from, pixels }: PixelImage, height: number, filter: Filter): PixelImage {
  const taps = weighTaps(from, height, filter);
  const resized = new Uint8Array(width * height * 3);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      blend(pixels, { at: x * 3, stride: width * 3 }, taps[y], resized, (y * width + x) * 3);
    }
  }
  return { width, height, pixels: resized };
}

/** The pixels that one pixel of the result is made of: from the `first` on, with these weights. */
interface Taps {
  readonly first: number;
  readonly weights: Int32Array;
}

function weighTaps(from: number, to: number, { support, weigh }: Filter): Taps[] {
  const scale = from / to;
  const stretch = Math.max(scale, 1);
  return Array.from({ length: to }, (_, index) => {
    const center = (index + 0.5) * scale;
    const first = Math.max(0, Math.trunc(center - support * stretch + 0.5));
    const end = Math.min(from, Math.trunc(center + support * stretch + 0.5));
    const raw = Array.from({ length: end - first }, (__, tap) => weigh((tap + first - center + 0.5) * (1 / stretch)));
    const sum = raw.reduce((total, weight) => total + weight, 0);
    return { first, weights: Int32Array.from(raw, (weight) => toFraction(sum === 0 ? weight : weight / sum)) };
  });
}

/** Rounded away from zero at one half. */
function toFraction(weight: number): number {
  return Math.trunc(weight * 2 ** fractionBits + (weight < 0 ? -0.5 : 0.5));
}

interface Line {
  /** Where the line begins, and how far its pixels lie apart. */
  readonly at: number;
  readonly stride: number;
}

function blend(pixels: Uint8Array, { at, stride }: Line, taps: Taps | undefined, target: Uint8Array, place: number): void {
  if (taps === undefined) return;
  const { first, weights } = taps;
  let red = oneHalf;
  let green = oneHalf;
  let blue = oneHalf;
  let from = at + first * stride;
  for (const weight of weights) {
    red += (pixels[from] ?? 0) * weight;
    green += (pixels[from + 1] ?? 0) * weight;
    blue += (pixels[from + 2] ?? 0) * weight;
    from += stride;
  }
  target[place] = clip(red);
  target[place + 1] = clip(green);
  target[place + 2] = clip(blue);
}

function clip(sum: number): number {
  return Math.min(255, Math.max(0, sum >> fractionBits));
}
