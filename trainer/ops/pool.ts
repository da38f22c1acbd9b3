/** From a state per token to one per row: the first token's, or the mean over the tokens. */
import * as tf from '../tensors';
import { embedding } from './embedding';
import { lengthsOf, type Starts } from './sequences';

/** The first token of each row of x [tokens, hidden] → [rows, hidden]. No row may be empty. */
export function firstToken(x: tf.Tensor2D, starts: Starts): tf.Tensor2D {
  return embedding(x, tf.tensor1d(starts.slice(0, -1), 'int32'));
}

/** Mean over the tokens of each row, as sentence-transformers pools: x [tokens, hidden] → [rows, hidden]. An empty row gives zeros. */
export function meanPool(x: tf.Tensor2D, starts: Starts): tf.Tensor2D {
  const lengths = lengthsOf(starts);
  const [tokens] = x.shape;
  const shares = new Float32Array(lengths.length * tokens);
  lengths.forEach((length, row) => {
    const at = row * tokens + (starts[row] ?? 0);
    shares.fill(1 / length, at, at + length);
  });
  return tf.matMul(tf.tensor2d(shares, [lengths.length, tokens]), x);
}
