/** Some of what is trained, in a file of its own beside the adapter's. */
import type * as tf from '../tensors';
import type { TensorPart } from './method';
import { assignValues, collectValues } from './parameters';

/** All of `trained`, under these names. */
export function partOf(trained: ReadonlyMap<string, tf.Variable>): TensorPart {
  return {
    collect: () => collectValues(trained),
    assign: (values) => {
      assignValues(trained, values);
    },
  };
}
