/** The kernel of trainer/ops/rotary.ts; with the sign turned, its own gradient. */
import type * as tf from '../../../tensors';
import { rowsGrain } from '../kernel-call';
import type { KernelCall } from '../kernel-call';
import { requireIdsBelow } from '../rows-by-id';

export function rotaryKernel(call: KernelCall): tf.TensorInfo {
  const [tokens, hidden] = call.matrixShape('x');
  const [rows, half] = call.matrixShape('cos');
  requireIdsBelow(call.backend, call.input('positions'), rows, 'Position');
  const [heads, sign] = [call.number('heads'), call.number('sign')];
  const [x, cos, sin, positions] = [call.address('x'), call.address('cos'), call.address('sin'), call.address('positions')];
  const out = call.backend.output([tokens, hidden]);
  const y = call.backend.address(out);
  call.backend.pool.parallel('rotary', { total: tokens, grain: rowsGrain(hidden) }, (from, to) => {
    const offset = from * hidden * 4;
    return [to - from, heads, hidden / heads, half, x + offset, cos, sin, positions + from * 4, sign, y + offset];
  });
  return out;
}
