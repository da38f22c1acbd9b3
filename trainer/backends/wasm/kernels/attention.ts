/**
 * Attention on [tokens, heads · size] without transposing: a head is a strip of `size` columns, a row of text a range of
 * tokens. Queries are taken in blocks, so that scratch grows with the length and not with its square. The backward pass
 * computes the weights again.
 */
import { gemm } from './gemm';
import { causalSoftmax, softmax, softmaxGrad } from './softmax';

const QUERY_BLOCK: i32 = 64;

/** Floats of scratch for the weights of one block of queries, for rows of at most `longest` keys. The gradient needs two. */
export function attentionScratchFloats(longest: i32): i32 {
  return QUERY_BLOCK * longest;
}

/** Start and length of a row, from the starts of all. */
class Row {
  @inline static start(starts: usize, row: i32): i32 {
    return load<i32>(starts + (row << 2));
  }

  @inline static length(starts: usize, row: i32): i32 {
    return load<i32>(starts + (row << 2), 4) - load<i32>(starts + (row << 2));
  }
}

/** weights [rows, keys] = softmax of query · keyᵀ / √size; `seen` is how many keys the first of the rows sees if causal. */
function weigh(
  rows: i32,
  keys: i32,
  size: i32,
  query: usize,
  queryNext: i32,
  key: usize,
  keyNext: i32,
  causal: bool,
  seen: i32,
  weights: usize,
  gemmScratch: usize,
): void {
  gemm(rows, keys, size, query, queryNext, false, key, keyNext, true, weights, keys, 0, false, gemmScratch);
  const scale = (1 as f32) / sqrt<f32>(size as f32);
  if (causal) causalSoftmax(rows, keys, seen, weights, scale);
  else softmax(rows, keys, weights, scale);
}

/**
 * out = softmax(q kᵀ / √size) v for the units `from` to `to`; a unit is a key head of a row, with the heads it serves.
 * queryStarts and keyStarts are [rows + 1].
 */
export function attention(
  from: i32,
  to: i32,
  heads: i32,
  keyHeads: i32,
  size: i32,
  causal: bool,
  queryStarts: usize,
  keyStarts: usize,
  query: usize,
  key: usize,
  value: usize,
  out: usize,
  weights: usize,
  gemmScratch: usize,
): void {
  const queryNext = heads * size;
  const keyNext = keyHeads * size;
  const group = heads / keyHeads;
  for (let unit = from; unit < to; unit++) {
    const row = unit / keyHeads;
    const keyHead = unit - row * keyHeads;
    const queries = Row.length(queryStarts, row);
    const keys = Row.length(keyStarts, row);
    const keyOffset = ((Row.start(keyStarts, row) * keyNext + keyHead * size) << 2) as usize;
    for (let head = keyHead * group; head < (keyHead + 1) * group; head++) {
      const queryOffset = ((Row.start(queryStarts, row) * queryNext + head * size) << 2) as usize;
      for (let first = 0; first < queries; first += QUERY_BLOCK) {
        const rows = min(QUERY_BLOCK, queries - first);
        const block = queryOffset + ((first * queryNext) << 2);
        const seen = keys - queries + first + 1;
        weigh(rows, keys, size, query + block, queryNext, key + keyOffset, keyNext, causal, seen, weights, gemmScratch);
        gemm(
          rows,
          size,
          keys,
          weights,
          keys,
          false,
          value + keyOffset,
          keyNext,
          false,
          out + block,
          queryNext,
          0,
          false,
          gemmScratch,
        );
      }
    }
  }
}

/**
 * dq, dk and dv for the units `from` to `to`: dV = Wᵀ dOut, dW = dOut Vᵀ, dS = softmax'(dW), dQ = dS K, dK = dSᵀ Q.
 * Blocks of queries and the heads of a group add to dk and dv.
 */
export function attentionGrad(
  from: i32,
  to: i32,
  heads: i32,
  keyHeads: i32,
  size: i32,
  causal: bool,
  queryStarts: usize,
  keyStarts: usize,
  query: usize,
  key: usize,
  value: usize,
  dOut: usize,
  dQuery: usize,
  dKey: usize,
  dValue: usize,
  weights: usize,
  dWeights: usize,
  gemmScratch: usize,
): void {
  const queryNext = heads * size;
  const keyNext = keyHeads * size;
  const group = heads / keyHeads;
  const scale = (1 as f32) / sqrt<f32>(size as f32);
  for (let unit = from; unit < to; unit++) {
    const row = unit / keyHeads;
    const keyHead = unit - row * keyHeads;
    const queries = Row.length(queryStarts, row);
    const keys = Row.length(keyStarts, row);
    const keyOffset = ((Row.start(keyStarts, row) * keyNext + keyHead * size) << 2) as usize;
    let add = false;
    for (let head = keyHead * group; head < (keyHead + 1) * group; head++) {
      const offset = ((Row.start(queryStarts, row) * queryNext + head * size) << 2) as usize;
      let first = 0;
      do {
        // also once without a query, which makes dk and dv zero
        const rows = min(QUERY_BLOCK, queries - first);
        const q = query + offset + ((first * queryNext) << 2);
        const dq = dQuery + offset + ((first * queryNext) << 2);
        const d = dOut + offset + ((first * queryNext) << 2);
        const k = key + keyOffset;
        const v = value + keyOffset;
        const dk = dKey + keyOffset;
        const dv = dValue + keyOffset;
        weigh(rows, keys, size, q, queryNext, k, keyNext, causal, keys - queries + first + 1, weights, gemmScratch);
        gemm(keys, size, rows, weights, keys, true, d, queryNext, false, dv, keyNext, 0, add, gemmScratch);
        gemm(rows, keys, size, d, queryNext, false, v, keyNext, true, dWeights, keys, 0, false, gemmScratch);
        softmaxGrad(rows, keys, weights, scale, dWeights);
        gemm(rows, size, keys, dWeights, keys, false, k, keyNext, false, dq, queryNext, 0, false, gemmScratch);
        gemm(keys, size, rows, dWeights, keys, true, q, queryNext, false, dk, keyNext, 0, add, gemmScratch);
        add = true;
        first += QUERY_BLOCK;
      } while (first < queries);
    }
  }
}
