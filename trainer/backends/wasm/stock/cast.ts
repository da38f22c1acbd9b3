/**
 * Cast to a wider type, with values of that type. The cpu kernel only relabels the tensor and leaves the integers where
 * they are, which a kernel that reads the heap would take for floats.
 */
import type * as tf from '../../../tensors';
import type { KernelCall } from '../kernel-call';

export function cast(call: KernelCall): tf.TensorInfo | undefined {
  const x = call.input('x');
  const dtype = call.attribute('dtype');
  const fromInteger = x.dtype === 'int32' || x.dtype === 'bool';
  const widens = dtype === 'float32' ? fromInteger : dtype === 'int32' && x.dtype === 'bool';
  if (!widens) return undefined;
  const values = call.backend.valuesOf(x);
  const out = call.backend.output(x.shape, dtype === 'float32' ? 'float32' : 'int32');
  call.backend.valuesOf(out).set(values);
  return out;
}
