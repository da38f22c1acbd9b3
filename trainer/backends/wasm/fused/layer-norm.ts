/** The kernels of trainer/ops/layer-norm.ts; the same ones with a residual and without. */
import type * as tf from '../../../tensors';
import { rowsGrain } from '../kernel-call';
import type { KernelCall } from '../kernel-call';
import { sumColumns } from '../stock/sum';

/** Rows whose gradient of gamma is added up by one thread; fixed, so that the sum does not depend on the threads. */
const CHUNK_ROWS = 64;

export function layerNormKernel(call: KernelCall): tf.TensorInfo {
  const [rows, hidden] = call.matrixShape('x');
  const [x, gamma, beta] = [call.address('x'), call.address('gamma'), call.address('beta')];
  const residual = call.optionalAddress('residual');
  const epsilon = call.number('epsilon');
  const out = call.backend.output([rows, hidden]);
  const y = call.backend.address(out);
  call.backend.pool.parallel('layerNorm', { total: rows, grain: rowsGrain(hidden) }, (from, to) => {
    const offset = from * hidden * 4;
    return [to - from, hidden, x + offset, residual && residual + offset, gamma, beta, epsilon, y + offset];
  });
  return out;
}

export function layerNormGradKernel(call: KernelCall): tf.TensorInfo {
  const [rows, hidden] = call.matrixShape('x');
  const [dy, x, gamma] = [call.address('dy'), call.address('x'), call.address('gamma')];
  const residual = call.optionalAddress('residual');
  const epsilon = call.number('epsilon');
  const out = call.backend.output([rows, hidden]);
  const dx = call.backend.address(out);
  call.backend.pool.parallel('layerNormGrad', { total: rows, grain: rowsGrain(hidden) }, (from, to) => {
    const offset = from * hidden * 4;
    return [to - from, hidden, dy + offset, x + offset, residual && residual + offset, gamma, epsilon, dx + offset];
  });
  return out;
}

export function layerNormGammaGradKernel(call: KernelCall): tf.TensorInfo {
  const { backend } = call;
  const [rows, hidden] = call.matrixShape('x');
  const [dy, x] = [call.address('dy'), call.address('x')];
  const residual = call.optionalAddress('residual');
  const epsilon = call.number('epsilon');
  const chunks = Math.ceil(rows / CHUNK_ROWS);
  const rowBytes = hidden * 4;
  return backend.withScratch((chunks + backend.pool.threads) * rowBytes, (partials) => {
    const spare = partials + chunks * rowBytes;
    const out = backend.output([hidden]);
    backend.pool.parallel('layerNormGammaGrad', { total: chunks, grain: 1 }, (from, to, thread) => [
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
      spare + thread * rowBytes,
    ]);
    sumColumns(backend, chunks, hidden, partials, backend.address(out));
    return out;
  });
}
