/** From a state per token to one per row: the first token's, the last one's, the largest, or a sum with weights. */
import * as tf from '../tensors';
import { embedding } from './embedding';
import { lengthsOf, type Starts } from './sequences';

/** The first token of each row of x [tokens, hidden] → [rows, hidden]. No row may be empty. */
export function firstToken(x: tf.Tensor2D, starts: Starts): tf.Tensor2D {
  return embedding(x, tf.tensor1d(starts.slice(0, -1), 'int32'));
}

/** The last token of each row of x [tokens, hidden] → [rows, hidden]. No row may be empty. */
export function lastToken(x: tf.Tensor2D, starts: Starts): tf.Tensor2D {
  const last = starts.slice(1).map((end) => end - 1);
  return embedding(x, tf.tensor1d(last, 'int32'));
}

/** Mean over the tokens of each row, as sentence-transformers pools: x [tokens, hidden] → [rows, hidden]. An empty row gives zeros. */
export function meanPool(x: tf.Tensor2D, starts: Starts): tf.Tensor2D {
  return weighTokens(x, starts, (_place, length) => 1 / length);
}

/** Σ weight · state over the tokens of each row, the weight by the token's place in it: x [tokens, hidden] → [rows, hidden]. */
export function weighTokens(x: tf.Tensor2D, starts: Starts, weightOf: (place: number, length: number) => number): tf.Tensor2D {
  const lengths = lengthsOf(starts);
  const [tokens] = x.shape;
  const weights = new Float32Array(lengths.length * tokens);
  lengths.forEach((length, row) => {
    const at = row * tokens + (starts[row] ?? 0);
    for (let place = 0; place < length; place++) weights[at + place] = weightOf(place, length);
  });
  return tf.matMul(tf.tensor2d(weights, [lengths.length, tokens]), x);
}

/** The largest of each element over the tokens of each row: x [tokens, hidden] → [rows, hidden]. No row may be empty. */
export function maxPool(x: tf.Tensor2D, starts: Starts): tf.Tensor2D {
  const rows = lengthsOf(starts).map((length, row) =>
    tf.max<tf.Tensor1D>(tf.slice(x, [starts[row] ?? 0, 0], [length, x.shape[1]]), 0),
  );
  return tf.stack(rows) as tf.Tensor2D; // of vectors
}
