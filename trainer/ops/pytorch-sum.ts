/**
 * The sum of float32 numbers to the last bit of PyTorch's on a processor, one thread: bitsandbytes takes the mean of its
 * scales with it, and the mean goes into files. Eight lanes, four of these beside each other, and a cascade of partial
 * sums (pytorch/aten/src/ATen/native/cpu/SumKernel.cpp). With several threads PyTorch itself adds up otherwise from 32,768
 * numbers on, which are the scales of two million weights. Fewer than eight numbers have one lane.
 */

const LANES = 8;
const ROWS = 4;
const LEVELS = 4;

export function sumAsPytorch(values: Float32Array): number {
  const lanes = values.length < LANES ? 1 : LANES;
  const vectors = Math.floor(values.length / lanes);
  let total = 0;
  for (let i = vectors * lanes; i < values.length; i++) total = Math.fround(total + (values[i] ?? NaN));
  for (const lane of sumLanes(values, vectors, lanes)) total = Math.fround(total + lane);
  return total;
}

/** Sums of the elements that share a lane: [lanes]. */
function sumLanes(values: Float32Array, vectors: number, lanes: number): Float32Array {
  const groups = Math.floor(vectors / ROWS);
  const rows = sumRows(values, groups, lanes); // [ROWS, lanes]
  for (let vector = groups * ROWS; vector < vectors; vector++) add(rows, values.subarray(vector * lanes, (vector + 1) * lanes));
  const first = rows.subarray(0, lanes);
  for (let row = 1; row < ROWS; row++) add(first, rows.subarray(row * lanes, (row + 1) * lanes));
  return first;
}

/** The first `groups` groups of ROWS · lanes elements, added up in levels: a level goes into the next when it is full. */
function sumRows(values: Float32Array, groups: number, lanes: number): Float32Array {
  const width = ROWS * lanes;
  const power = Math.max(4, Math.floor(ceilLog2(groups) / LEVELS));
  const full = groups - (groups % 2 ** power);
  const levels = Array.from({ length: LEVELS }, () => new Float32Array(width));
  const [lowest = new Float32Array(width)] = levels;
  for (let group = 0; group < groups; group++) {
    add(lowest, values.subarray(group * width, (group + 1) * width));
    if (group < full && (group + 1) % 2 ** power === 0) carry(levels, group + 1, power);
  }
  for (const level of levels.slice(1)) add(lowest, level);
  return lowest;
}

function carry(levels: readonly Float32Array[], done: number, power: number): void {
  for (let level = 1; level < levels.length; level++) {
    const [from, to] = [levels[level - 1], levels[level]];
    if (!from || !to) return;
    add(to, from);
    from.fill(0);
    if (Math.floor(done / 2 ** (level * power)) % 2 ** power !== 0) return;
  }
}

/** In place, each sum rounded to float32. */
function add(total: Float32Array, values: Float32Array): void {
  for (let i = 0; i < values.length; i++) total[i] = (total[i] ?? NaN) + (values[i] ?? NaN);
}

/** PyTorch's, which gives 1 for 1. */
function ceilLog2(value: number): number {
  return value <= 2 ? 1 : Math.ceil(Math.log2(value));
}
