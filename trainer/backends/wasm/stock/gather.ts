/** GatherV2 along the first axis, and UnsortedSegmentSum, its gradient. */
import type * as tf from '../../../tensors';
import { addRowsById, areIdsBelow, copyRowsById } from '../rows-by-id';
import type { KernelCall } from '../kernel-call';

/** x [rows, ...], indices int32 of any shape. An index outside is left to the cpu kernel, which throws. */
export function gather(call: KernelCall): tf.TensorInfo | undefined {
  const x = call.input('x');
  const indices = call.input('indices');
  const [rows = 0, ...rest] = x.shape;
  const onFirstAxis = call.attribute('axis') === 0 && !call.attribute('batchDims');
  if (!onFirstAxis || x.dtype !== 'float32' || indices.dtype !== 'int32') return undefined;
  if (!areIdsBelow(call.backend, indices, rows)) return undefined;
  return copyRowsById(call.backend, x, indices, [...indices.shape, ...rest]);
}

/** x [n, ...], segmentIds [n]. An id outside is left to the cpu kernel, which skips it. */
export function unsortedSegmentSum(call: KernelCall): tf.TensorInfo | undefined {
  const x = call.input('x');
  const ids = call.input('segmentIds');
  const segments = call.number('numSegments');
  if (x.dtype !== 'float32' || ids.dtype !== 'int32' || ids.shape.length !== 1) return undefined;
  if (x.shape[0] !== ids.shape[0] || !areIdsBelow(call.backend, ids, segments)) return undefined;
  return addRowsById(call.backend, x, ids, [segments, ...x.shape.slice(1)]);
}
