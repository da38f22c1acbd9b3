/**
 * Masked attention on [batch · length, hidden] without transposing: a head is a strip of `size` columns. Queries are
 * taken in blocks, so that scratch grows with the length and not with its square. The backward pass computes the weights
 * again.
 */
import { gemm } from './gemm';
import { maskedSoftmax, softmaxGrad } from './softmax';

const QUERY_BLOCK: i32 = 64;

/** Floats of scratch for one call, beside that of gemm: the weights of one block of queries. The gradient needs two. */
export function attentionScratchFloats(length: i32): i32 {
  return min(QUERY_BLOCK, length) * length;
}

/** Where a head starts in a [batch · length, hidden] tensor, in bytes; heads are counted through the batch. */
class Head {
  @inline static offset(head: i32, heads: i32, length: i32, size: i32): usize {
    const sequence = head / heads;
    return ((sequence * length * heads + (head - sequence * heads)) * size) << 2;
  }

  /** weights [rows, length] = softmax over real keys of query · keyᵀ / √size. */
  @inline static weigh(
    rows: i32,
    length: i32,
    size: i32,
    hidden: i32,
    query: usize,
    key: usize,
    mask: usize,
    weights: usize,
    gemmScratch: usize,
  ): void {
    gemm(rows, length, size, query, hidden, false, key, hidden, true, weights, length, 0, false, gemmScratch);
    maskedSoftmax(rows, length, weights, (1 as f32) / sqrt<f32>(size as f32), mask);
  }
}

/** out = softmax(q kᵀ / √size) v for the heads `from` to `to`; mask [batch, length] is 1 at real keys. */
export function attention(
  from: i32,
  to: i32,
  length: i32,
  heads: i32,
  size: i32,
  query: usize,
  key: usize,
  value: usize,
  mask: usize,
  out: usize,
  weights: usize,
  gemmScratch: usize,
): void {
  const hidden = heads * size;
  for (let head = from; head < to; head++) {
    const offset = Head.offset(head, heads, length, size);
    const keyMask = mask + (((head / heads) * length) << 2);
    for (let first = 0; first < length; first += QUERY_BLOCK) {
      const rows = min(QUERY_BLOCK, length - first);
      const block = offset + ((first * hidden) << 2);
      Head.weigh(rows, length, size, hidden, query + block, key + offset, keyMask, weights, gemmScratch);
      gemm(rows, size, length, weights, length, false, value + offset, hidden, false, out + block, hidden, 0, false, gemmScratch);
    }
  }
}

/**
 * dq, dk and dv for the heads `from` to `to`: dV = Wᵀ dOut, dW = dOut Vᵀ, dS = softmax'(dW), dQ = dS K, dK = dSᵀ Q.
 * Blocks of queries add to dk and dv.
 */
export function attentionGrad(
  from: i32,
  to: i32,
  length: i32,
  heads: i32,
  size: i32,
  query: usize,
  key: usize,
  value: usize,
  mask: usize,
  dOut: usize,
  dQuery: usize,
  dKey: usize,
  dValue: usize,
  weights: usize,
  dWeights: usize,
  gemmScratch: usize,
): void {
  const hidden = heads * size;
  const scale = (1 as f32) / sqrt<f32>(size as f32);
  for (let head = from; head < to; head++) {
    const offset = Head.offset(head, heads, length, size);
    const keyMask = mask + (((head / heads) * length) << 2);
    for (let first = 0; first < length; first += QUERY_BLOCK) {
      const rows = min(QUERY_BLOCK, length - first);
      const block = offset + ((first * hidden) << 2);
      const add = first > 0;
      Head.weigh(rows, length, size, hidden, query + block, key + offset, keyMask, weights, gemmScratch);
      gemm(length, size, rows, weights, length, true, dOut + block, hidden, false, dValue + offset, hidden, 0, add, gemmScratch);
      gemm(
        rows,
        length,
        size,
        dOut + block,
        hidden,
        false,
        value + offset,
        hidden,
        true,
        dWeights,
        length,
        0,
        false,
        gemmScratch,
      );
      softmaxGrad(rows, length, weights, scale, dWeights);
      gemm(
        rows,
        size,
        length,
        dWeights,
        length,
        false,
        key + offset,
        hidden,
        false,
        dQuery + block,
        hidden,
        0,
        false,
        gemmScratch,
      );
      gemm(length, size, rows, dWeights, length, true, query + block, hidden, false, dKey + offset, hidden, 0, add, gemmScratch);
    }
  }
}
