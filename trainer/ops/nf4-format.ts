/**
 * NF4 as bitsandbytes lays it out (Dettmers et al. 2023, https://arxiv.org/abs/2305.14314): 4-bit codes in blocks of 64
 * elements, a scale per block, and the scales themselves in 8 bits over blocks of 256. Plain arrays, no tensors.
 */
import { sumAsPytorch } from './pytorch-sum';

/** Elements that share a scale. Blocks run through the tensor row by row and may straddle rows. */
export const BLOCK = 64;
/** Scales that share a scale. */
export const NESTED_BLOCK = 256;

/** A quantised tensor under the names that bitsandbytes gives its parts in a file. */
export interface Nf4Data {
  readonly rows: number;
  readonly columns: number;
  /** Two codes a byte, the even element in the high half. */
  readonly weight: Uint8Array;
  /** Per block, an index into `nestedQuantMap`. */
  readonly absmax: Uint8Array;
  readonly quantMap: Float32Array;
  /** Per 256 blocks. */
  readonly nestedAbsmax: Float32Array;
  readonly nestedQuantMap: Float32Array;
  /** The mean scale, which was taken off before the scales were quantised. */
  readonly nestedOffset: number;
}

/** The quantiles of a normal distribution, scaled to [-1, 1], with an exact zero. */
export const NF4_MAP: Float32Array = Float32Array.of(
  -1,
  -0.6961928009986877,
  -0.5250730514526367,
  -0.39491748809814453,
  -0.28444138169288635,
  -0.18477343022823334,
  -0.09105003625154495,
  0,
  0.07958029955625534,
  0.16093020141124725,
  0.24611230194568634,
  0.33791524171829224,
  0.44070982933044434,
  0.5626170039176941,
  0.7229568362236023,
  1,
);

/** values [rows, columns], row by row; all of them finite. */
export function quantizeNf4(values: Float32Array, rows: number, columns: number): Nf4Data {
  requireFinite(values, rows, columns);
  const scales = Float32Array.from({ length: Math.ceil(values.length / BLOCK) }, (_, block) => largestOf(values, block, BLOCK));
  const weight = new Uint8Array(Math.ceil(values.length / 2));
  const bounds = midpoints(NF4_MAP);
  for (let i = 0; i < values.length; i++) {
    const code = indexOfNearest(bounds, scaleDown(values[i] ?? NaN, i, scales, values.length));
    weight[i >> 1] = (weight[i >> 1] ?? 0) | (i % 2 === 0 ? code << 4 : code);
  }
  if (values.length % 2 === 1) weight[values.length >> 1] = (weight[values.length >> 1] ?? 0) | indexOfNearest(bounds, 0);
  return { rows, columns, weight, quantMap: NF4_MAP, ...quantizeScales(scales) };
}

function requireFinite(values: Float32Array, rows: number, columns: number): void {
  if (values.length !== rows * columns) throw new Error(`quantizeNf4: ${values.length} values are not ${rows} · ${columns}.`);
  const wrong = values.findIndex((value) => !Number.isFinite(value));
  if (wrong >= 0) throw new Error(`quantizeNf4: a weight must be finite, but value ${wrong} is ${values[wrong]}.`);
}

/** The element over its block's scale, rounded as bitsandbytes rounds: times the inverse, except in an unfinished last block. */
function scaleDown(value: number, index: number, scales: Float32Array, count: number): number {
  const scale = Math.max(scales[Math.floor(index / BLOCK)] ?? NaN, Math.fround(1e-38));
  const isUnfinished = index >= count - (count % BLOCK);
  return Math.fround(isUnfinished ? value / scale : value * Math.fround(1 / scale));
}

/** Scales less their mean, as signed 8-bit codes over blocks of 256. */
function quantizeScales(scales: Float32Array): Pick<Nf4Data, 'absmax' | 'nestedAbsmax' | 'nestedQuantMap' | 'nestedOffset'> {
  const nestedOffset = Math.fround(sumAsPytorch(scales) / Math.max(1, scales.length));
  const centered = scales.map((scale) => scale - nestedOffset);
  const blocks = Math.ceil(centered.length / NESTED_BLOCK);
  const nestedAbsmax = Float32Array.from({ length: blocks }, (_, block) => largestOf(centered, block, NESTED_BLOCK));
  const nestedQuantMap = createDynamicMap();
  const bounds = midpoints(nestedQuantMap);
  const absmax = Uint8Array.from(centered, (scale, i) => {
    const largest = nestedAbsmax[Math.floor(i / NESTED_BLOCK)] ?? NaN;
    return largest === 0 ? 0 : indexOfNearest(bounds, snapToGrid(Math.fround(scale * Math.fround(1 / largest))));
  });
  return { absmax, nestedAbsmax, nestedQuantMap, nestedOffset };
}

/**
 * bitsandbytes looks scales up in a table of 65,536 steps from -1 to 1: what lies within half a step of the middle between
 * two codes may get the farther one. Found by bisection of its thresholds, to the last bit of a float.
 */
function snapToGrid(value: number): number {
  const step = Math.floor(Math.fround(Math.fround(value + 1) * halfSteps) + 0.5);
  return Math.fround(Math.fround(step * Math.fround(1 / halfSteps)) - 1);
}

const halfSteps = 32767.5;

/** The elements `first` to `first + count`, counted through the whole tensor. */
export function dequantizeNf4Range(data: Nf4Data, first: number, count: number): Float32Array {
  const values = new Float32Array(count);
  let scale = NaN;
  for (let offset = 0; offset < count; offset++) {
    const i = first + offset;
    if (offset === 0 || i % BLOCK === 0) scale = scaleOf(data, Math.floor(i / BLOCK));
    const byte = data.weight[i >> 1] ?? NaN;
    values[offset] = (data.quantMap[i % 2 === 0 ? byte >> 4 : byte & 15] ?? NaN) * scale;
  }
  return values;
}

/** A block's scale, rounded twice as bitsandbytes does. */
function scaleOf({ absmax, nestedQuantMap, nestedAbsmax, nestedOffset }: Nf4Data, block: number): number {
  const nested = nestedAbsmax[Math.floor(block / NESTED_BLOCK)] ?? NaN;
  return Math.fround(Math.fround((nestedQuantMap[absmax[block] ?? NaN] ?? NaN) * nested) + nestedOffset);
}

/**
 * 256 values in [-1, 1] that lie denser towards 0: seven decades with 1 to 64 values of each sign, and 0 and 1
 * (bitsandbytes' `create_dynamic_map`, in its single precision).
 */
export function createDynamicMap(): Float32Array {
  const values = [0, 1];
  for (let decade = 0; decade < 7; decade++) {
    const ends = linearSpace(0.1, 1, 2 ** decade + 1);
    const power = Math.fround(10 ** (decade - 6));
    for (let i = 0; i + 1 < ends.length; i++) {
      const mean = Math.fround(Math.fround((ends[i] ?? NaN) + (ends[i + 1] ?? NaN)) / 2);
      values.push(Math.fround(power * mean), -Math.fround(power * mean));
    }
  }
  return Float32Array.from(values.sort((a, b) => a - b));
}

/** torch.linspace in single precision: counted from both ends. */
function linearSpace(from: number, to: number, count: number): Float32Array {
  const step = Math.fround(Math.fround(to - Math.fround(from)) / (count - 1));
  return Float32Array.from({ length: count }, (_, i) =>
    i < count / 2 ? Math.fround(from) + step * i : to - step * (count - 1 - i),
  );
}

function largestOf(values: Float32Array, block: number, size: number): number {
  return values.subarray(block * size, (block + 1) * size).reduce((largest, value) => Math.max(largest, Math.abs(value)), 0);
}

function midpoints(map: Float32Array): Float32Array {
  return Float32Array.from({ length: map.length - 1 }, (_, i) => Math.fround((map[i] ?? NaN) + (map[i + 1] ?? NaN)) / 2);
}

/** How many bounds lie below the value: the index of the nearest of the sorted values between which they stand. */
function indexOfNearest(bounds: Float32Array, value: number): number {
  let low = 0;
  let high = bounds.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((bounds[middle] ?? Infinity) < value) low = middle + 1;
    else high = middle;
  }
  return low;
}
