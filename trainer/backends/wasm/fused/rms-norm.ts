/** The kernels of trainer/ops/rms-norm.ts; the same ones with a residual and without. */
import type * as tf from '../../../tensors';
import { rowsGrain } from '../kernel-call';
import type { KernelCall } from '../kernel-call';
import { sumColumns } from '../stock/sum';

/** Rows whose gradient of gamma is added up by one thread; fixed, so that the sum does not depend on the threads. */
const CHUNK_ROWS = 64;

export function rmsNormKernel(call: KernelCall): tf.TensorInfo {
  const [rows, hidden] = call.matrixShape('x');
  const [x, gamma] = [call.address('x'), call.address('gamma')];
  const residual = call.optionalAddress('residual');
  const epsilon = call.number('epsilon');
  const out = call.backend.output([rows, hidden]);
  const y = call.backend.address(out);
  call.backend.pool.parallel('rmsNorm', { total: rows, grain: rowsGrain(hidden) }, (from, to) => {
    const offset = from * hidden * 4;
    return [to - from, hidden, x + offset, residual && residual + offset, gamma, epsilon, y + offset];
  });
  return out;
}

export function rmsNormGradKernel(call: KernelCall): tf.TensorInfo {
  const [rows, hidden] = call.matrixShape('x');
  const [dy, x, gamma] = [call.address('dy'), call.address('x'), call.address('gamma')];
  const residual = call.optionalAddress('residual');
  const epsilon = call.number('epsilon');
  const out = call.backend.output([rows, hidden]);
  const dx = call.backend.address(out);
  call.backend.pool.parallel('rmsNormGrad', { total: rows, grain: rowsGrain(hidden) }, (from, to) => {
    const offset = from * hidden * 4;
    return [to - from, hidden, dy + offset, x + offset, residual && residual + offset, gamma, epsilon, dx + offset];
  });
  return out;
}

export function rmsNormGammaGradKernel(call: KernelCall): tf.TensorInfo {
  const { backend } = call;
  const [rows, hidden] = call.matrixShape('x');
  const [dy, x] = [call.address('dy'), call.address('x')];
  const residual = call.optionalAddress('residual');
  const epsilon = call.number('epsilon');
  const chunks = Math.ceil(rows / CHUNK_ROWS);
  return backend.withScratch(chunks * hidden * 4, (partials) => {
    const out = backend.output([hidden]);
    backend.pool.parallel('rmsNormGammaGrad', { total: chunks, grain: 1 }, (from, to) => [
      from,
      to,
      CHUNK_ROWS,
      rows,
      hidden,
      dy,
      x,
      residual,
      epsilon,
      partials,
    ]);
    sumColumns(backend, chunks, hidden, partials, backend.address(out));
    return out;
  });
}
