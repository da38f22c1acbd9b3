/** The same states in front of every row of a packed tensor, and the way back. Each is in the other's gradient. */
import * as tf from '../tensors';
import { formatShapes } from './format-shapes';
import { FUSED_KERNELS, hasKernel, registerFusedGradient } from './fused';
import { lengthsOf, startsOf, type Starts } from './sequences';

export interface PackedRows {
  /** [tokens, width] */
  readonly x: tf.Tensor2D;
  readonly starts: Starts;
}

/** front [virtual, width] in front of each row of x [tokens, width] → [tokens + rows · virtual, width]. */
export function prependToRows(front: tf.Tensor2D, x: tf.Tensor2D, starts: Starts): PackedRows {
  if (front.shape[1] !== x.shape[1] || starts.at(-1) !== x.shape[0]) throw misfit('prependToRows', { front, x }, starts);
  const virtual = front.shape[0];
  return { x: prepend(front, x, starts), starts: moveStarts(starts, virtual) };
}

/** Each row of x [tokens, width] without its first `virtual` tokens, which it must have. */
export function withoutFirst(x: tf.Tensor2D, starts: Starts, virtual: number): PackedRows {
  const isLongEnough = lengthsOf(starts).every((length) => length >= virtual);
  if (!isLongEnough || starts.at(-1) !== x.shape[0]) throw misfit(`withoutFirst, ${virtual} of each row`, { x }, starts);
  return { x: dropFirst(x, starts, virtual), starts: moveStarts(starts, -virtual) };
}

function prepend(front: tf.Tensor2D, x: tf.Tensor2D, starts: Starts): tf.Tensor2D {
  if (!hasKernel(FUSED_KERNELS.prependToRows)) return prependComposite(front, x, starts);
  const attributes = { starts: [...starts], virtual: front.shape[0] };
  return tf.engine().runKernel(FUSED_KERNELS.prependToRows, { front, x }, attributes);
}

function dropFirst(x: tf.Tensor2D, starts: Starts, virtual: number): tf.Tensor2D {
  if (!hasKernel(FUSED_KERNELS.withoutFirst)) return dropFirstComposite(x, starts, virtual);
  return tf.engine().runKernel(FUSED_KERNELS.withoutFirst, { x }, { starts: [...starts], virtual });
}

/** The reference: both in one table, and rows of it looked up. */
export function prependComposite(front: tf.Tensor2D, x: tf.Tensor2D, starts: Starts): tf.Tensor2D {
  const virtual = front.shape[0];
  const indices = lengthsOf(starts).flatMap((length, row) => [
    ...range(0, virtual),
    ...range(virtual + (starts[row] ?? 0), length),
  ]);
  return tf.gather(tf.concat([front, x]), tf.tensor1d(indices, 'int32'));
}

/** The reference. */
export function dropFirstComposite(x: tf.Tensor2D, starts: Starts, virtual: number): tf.Tensor2D {
  const indices = lengthsOf(starts).flatMap((length, row) => range((starts[row] ?? 0) + virtual, length - virtual));
  return tf.gather(x, tf.tensor1d(indices, 'int32'));
}

/** Of rows that all become longer, or shorter, by as many tokens. */
function moveStarts(starts: Starts, virtual: number): Starts {
  return startsOf(lengthsOf(starts).map((length) => length + virtual));
}

function range(from: number, length: number): number[] {
  return Array.from({ length }, (_, index) => from + index);
}

// Both outputs are matrices, and the attributes are those that are given above.
registerFusedGradient(FUSED_KERNELS.prependToRows, [], (dy, _saved, attributes) => {
  const virtual = attributes['virtual'] as number;
  const starts = moveStarts(Int32Array.from(attributes['starts'] as number[]), virtual);
  return {
    front: () => sumOfFirst(dy as tf.Tensor2D, starts, virtual),
    x: () => dropFirst(dy as tf.Tensor2D, starts, virtual),
  };
});

registerFusedGradient(FUSED_KERNELS.withoutFirst, [], (dy, _saved, attributes) => {
  const virtual = attributes['virtual'] as number;
  const starts = moveStarts(Int32Array.from(attributes['starts'] as number[]), -virtual);
  return { x: () => prepend(tf.zeros([virtual, dy.shape[1] ?? 0]), dy as tf.Tensor2D, starts) };
});

/** Of each row's first tokens, over the rows: [virtual, width]. */
function sumOfFirst(dy: tf.Tensor2D, starts: Starts, virtual: number): tf.Tensor2D {
  const [rows, width] = [starts.length - 1, dy.shape[1]];
  const indices = [...starts.subarray(0, rows)].flatMap((start) => range(start, virtual));
  const fronts = tf.reshape(tf.gather(dy, tf.tensor1d(indices, 'int32')), [rows, virtual * width]);
  return tf.reshape(tf.sum(fronts, 0), [virtual, width]);
}

function misfit(what: string, tensors: Record<string, tf.Tensor>, starts: Starts): Error {
  return new Error(`${what}: ${formatShapes(tensors)} and rows that start at ${starts.join(', ')} do not fit.`);
}
