/**
 * Attention on [tokens, heads · size] without transposing: a head is a strip of `size` columns, a row of text a range of
 * tokens. Queries are taken in blocks, so that scratch grows with the length and not with its square, and of the keys
 * only those that some query of the block sees. The backward pass computes the weights again.
 */
import { gemm } from './gemm';
import { bandSoftmax, softmax, softmaxGrad } from './softmax';
import { Vector } from './vector-math';

const QUERY_BLOCK: i32 = 64;
/** Before every place. */
const NOWHERE: i32 = -0x40000000;

/** Floats of scratch for the weights of one block of queries, which see at most `keys` keys. The gradient needs two. */
export function attentionScratchFloats(keys: i32): i32 {
  return QUERY_BLOCK * keys;
}

/** Most keys that a block of queries sees with a window. */
export function attentionWindowKeys(window: i32): i32 {
  return QUERY_BLOCK + 2 * window;
}

/** What the host writes down for each row of text. */
@unmanaged
class Row {
  queryStart: i32;
  queries: i32;
  keyStart: i32;
  keys: i32;
  /** Where the first query stands among the keys. */
  firstPlace: i32;

  @inline static at(layout: usize, row: i32): Row {
    return changetype<Row>(layout + row * offsetof<Row>());
  }
}

/** What the queries at `place` and the `rows - 1` places behind it see of a row's keys. A window below 0 is none. */
class Band {
  /** The first key that one of them sees. */
  @inline static from(place: i32, window: i32, keys: i32): i32 {
    return window < 0 ? 0 : min(keys, max(0, place - window));
  }

  /** The key behind the last that one of them sees. */
  @inline static end(place: i32, rows: i32, causal: bool, window: i32, keys: i32, from: i32): i32 {
    if (causal) return max(from, min(keys, place + rows));
    return window < 0 ? keys : max(from, min(keys, place + rows + window));
  }
}

/**
 * weights [rows, end - from] = softmax of query · keyᵀ / √size + bias over the keys `from` to `end`. `bias` is where it
 * stands for the first query and the first of these keys, or 0; `place` where the first query stands.
 */
function weigh(
  rows: i32,
  from: i32,
  end: i32,
  size: i32,
  query: usize,
  queryNext: i32,
  key: usize,
  keyNext: i32,
  causal: bool,
  window: i32,
  place: i32,
  bias: usize,
  weights: usize,
  gemmScratch: usize,
): void {
  const keys = end - from;
  gemm(
    rows,
    keys,
    size,
    query,
    queryNext,
    false,
    key + ((from * keyNext) << 2),
    keyNext,
    true,
    weights,
    keys,
    0,
    false,
    gemmScratch,
  );
  const root = sqrt<f32>(size as f32);
  const scale = (1 as f32) / root;
  if (bias) addBias(rows, keys, bias, root, weights);
  if (!causal && window < 0) return softmax(rows, keys, weights, scale);
  const firstSeen = window < 0 ? NOWHERE : place - window - from;
  const lastSeen = place - from + (causal ? 0 : window);
  bandSoftmax(rows, keys, firstSeen, lastSeen + 1, weights, scale);
}

/** x [rows, keys] ← x + bias · factor; the bias of a row starts one element before that of the row above. */
function addBias(rows: i32, keys: i32, bias: usize, factor: f32, x: usize): void {
  for (let i = 0; i < rows; i++) addScaled(keys, bias - ((i as usize) << 2), factor, x + ((i * keys) << 2));
}

/** dBias ← dBias + dScores · factor, as addBias takes it. */
function sumBiasGrad(rows: i32, keys: i32, dScores: usize, factor: f32, dBias: usize): void {
  for (let i = 0; i < rows; i++) addScaled(keys, dScores + ((i * keys) << 2), factor, dBias - ((i as usize) << 2));
}

/** to ← to + x · factor */
function addScaled(length: i32, x: usize, factor: f32, to: usize): void {
  const f = f32x4.splat(factor);
  let j = length;
  for (; j >= 8; j -= 8) {
    const low = Vector.madd(v128.load(x), f, v128.load(to));
    const high = Vector.madd(v128.load(x, 16), f, v128.load(to, 16));
    v128.store(to, low);
    v128.store(to, high, 16);
    x += 32;
    to += 32;
  }
  for (; j > 0; j--) {
    store<f32>(to, load<f32>(to) + load<f32>(x) * factor);
    x += 4;
    to += 4;
  }
}

/** x [rows, columns] ← 0; rows are `next` floats apart. */
function clear(rows: i32, columns: i32, x: usize, next: i32): void {
  for (let i = 0; i < rows; i++) memory.fill(x + ((i * next) << 2), 0, (columns as usize) << 2);
}

/**
 * out = softmax(q kᵀ / √size + bias) v for the units `from` to `to`; a unit is a key head of a row, with the heads it
 * serves; `layout` has a Row for each row. bias is [heads, 2 · reach + 1], by how far a key stands behind the query, or 0.
 * A window below 0 is none.
 */
export function attention(
  from: i32,
  to: i32,
  heads: i32,
  keyHeads: i32,
  size: i32,
  causal: bool,
  window: i32,
  reach: i32,
  layout: usize,
  query: usize,
  key: usize,
  value: usize,
  bias: usize,
  out: usize,
  weights: usize,
  gemmScratch: usize,
): void {
  const queryNext = heads * size;
  const keyNext = keyHeads * size;
  const group = heads / keyHeads;
  for (let unit = from; unit < to; unit++) {
    const row = Row.at(layout, unit / keyHeads);
    const keyHead = unit % keyHeads;
    const queries = row.queries;
    const keys = row.keys;
    const keyOffset = ((row.keyStart * keyNext + keyHead * size) << 2) as usize;
    for (let head = keyHead * group; head < (keyHead + 1) * group; head++) {
      const queryOffset = ((row.queryStart * queryNext + head * size) << 2) as usize;
      for (let first = 0; first < queries; first += QUERY_BLOCK) {
        const rows = min(QUERY_BLOCK, queries - first);
        const place = row.firstPlace + first;
        const start = Band.from(place, window, keys);
        const end = Band.end(place, rows, causal, window, keys, start);
        const seen = end - start;
        const b = bias ? bias + ((head * (2 * reach + 1) + reach + start - place) << 2) : 0;
        const q = queryOffset + ((first * queryNext) << 2);
        const k = key + keyOffset;
        const v = value + keyOffset + ((start * keyNext) << 2);
        weigh(rows, start, end, size, query + q, queryNext, k, keyNext, causal, window, place, b, weights, gemmScratch);
        gemm(rows, size, seen, weights, seen, false, v, keyNext, false, out + q, queryNext, 0, false, gemmScratch);
      }
    }
  }
}

/**
 * dq, dk, dv and dBias [rows, heads, 2 · reach + 1] for the units `from` to `to`: dV = Wᵀ dOut, dW = dOut Vᵀ,
 * dS = softmax'(dW), dQ = dS K, dK = dSᵀ Q. Blocks of queries and the heads of a group add to dk and dv.
 */
export function attentionGrad(
  from: i32,
  to: i32,
  heads: i32,
  keyHeads: i32,
  size: i32,
  causal: bool,
  window: i32,
  reach: i32,
  layout: usize,
  query: usize,
  key: usize,
  value: usize,
  bias: usize,
  dOut: usize,
  dQuery: usize,
  dKey: usize,
  dValue: usize,
  dBias: usize,
  weights: usize,
  dWeights: usize,
  gemmScratch: usize,
): void {
  const queryNext = heads * size;
  const keyNext = keyHeads * size;
  const group = heads / keyHeads;
  const distances = 2 * reach + 1;
  const root = sqrt<f32>(size as f32);
  for (let unit = from; unit < to; unit++) {
    const row = Row.at(layout, unit / keyHeads);
    const keyHead = unit % keyHeads;
    const queries = row.queries;
    const keys = row.keys;
    const keyOffset = ((row.keyStart * keyNext + keyHead * size) << 2) as usize;
    let add = causal || window >= 0 || queries == 0; // otherwise the first block writes dk and dv of every key
    if (add) {
      clear(keys, size, dKey + keyOffset, keyNext);
      clear(keys, size, dValue + keyOffset, keyNext);
    }
    const dBiasOfUnit = dBias + ((unit * group * distances) << 2);
    if (dBias) clear(group, distances, dBiasOfUnit, distances);
    for (let head = keyHead * group; head < (keyHead + 1) * group; head++) {
      const offset = ((row.queryStart * queryNext + head * size) << 2) as usize;
      for (let first = 0; first < queries; first += QUERY_BLOCK) {
        const rows = min(QUERY_BLOCK, queries - first);
        const place = row.firstPlace + first;
        const start = Band.from(place, window, keys);
        const end = Band.end(place, rows, causal, window, keys, start);
        const seen = end - start;
        const q = query + offset + ((first * queryNext) << 2);
        const dq = dQuery + offset + ((first * queryNext) << 2);
        const d = dOut + offset + ((first * queryNext) << 2);
        const keyPart = keyOffset + ((start * keyNext) << 2);
        const nearest = reach + start - place;
        const b = bias ? bias + ((head * distances + nearest) << 2) : 0;
        weigh(rows, start, end, size, q, queryNext, key + keyOffset, keyNext, causal, window, place, b, weights, gemmScratch);
        gemm(seen, size, rows, weights, seen, true, d, queryNext, false, dValue + keyPart, keyNext, 0, add, gemmScratch);
        gemm(rows, seen, size, d, queryNext, false, value + keyPart, keyNext, true, dWeights, seen, 0, false, gemmScratch);
        softmaxGrad(rows, seen, weights, (1 as f32) / root, dWeights);
        const dBiasOfHead = dBiasOfUnit + (((head - keyHead * group) * distances + nearest) << 2);
        if (dBias) sumBiasGrad(rows, seen, dWeights, root, dBiasOfHead);
        gemm(rows, size, seen, dWeights, seen, false, key + keyPart, keyNext, false, dq, queryNext, 0, false, gemmScratch);
        gemm(seen, size, rows, dWeights, seen, true, q, queryNext, false, dKey + keyPart, keyNext, 0, add, gemmScratch);
        add = true;
      }
    }
  }
}
