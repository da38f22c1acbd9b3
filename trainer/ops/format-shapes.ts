/** Shapes for error messages. */
import type * as tf from '../tensors';

/** `x [2, 3], weight [4, 5], bias none`. */
export function formatShapes(tensors: Readonly<Record<string, tf.TensorInfo | undefined>>): string {
  return Object.entries(tensors)
    .map(([name, tensor]) => `${name} ${tensor ? `[${tensor.shape.join(', ')}]` : 'none'}`)
    .join(', ');
}
