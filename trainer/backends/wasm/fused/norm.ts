/**
 * The kernels of trainer/ops/layer-norm.ts and trainer/ops/rms-norm.ts, which are called alike, each with a residual and
 * without.
 */
import { rowsGrain } from '../kernel-call';
import type { HeapKernel } from '../kernel-call';
import { sumColumns } from '../stock/sum';

export const layerNormKernel = forward('layerNorm', ['gamma', 'beta']);
export const layerNormGradKernel = backward('layerNormGrad');
export const layerNormGammaGradKernel = gammaGradient('layerNormGammaGrad', true);

export const rmsNormKernel = forward('rmsNorm', ['gamma']);
export const rmsNormGradKernel = backward('rmsNormGrad');
export const rmsNormGammaGradKernel = gammaGradient('rmsNormGammaGrad', false);

/** Rows whose gradient of gamma is added up by one thread; fixed, so that the sum does not depend on the threads. */
const CHUNK_ROWS = 64;

/** By the names of the parameters behind x and residual. */
function forward(kernel: string, parameterNames: readonly string[]): HeapKernel {
  return overRows(kernel, ['x'], parameterNames);
}

/** The gradient of x + residual. */
function backward(kernel: string): HeapKernel {
  return overRows(kernel, ['dy', 'x'], ['gamma']);
}

/** `rowNames` are cut among the threads as the rows of the result are, parameters are not. */
function overRows(kernel: string, rowNames: readonly string[], parameterNames: readonly string[]): HeapKernel {
  return (call) => {
    const [rows, hidden] = call.matrixShape('x');
    const operands = rowNames.map((name) => call.address(name));
    const parameters = parameterNames.map((name) => call.address(name));
    const residual = call.optionalAddress('residual');
    const epsilon = call.number('epsilon');
    const out = call.backend.output([rows, hidden]);
    const y = call.backend.address(out);
    call.backend.pool.parallel(kernel, { total: rows, grain: rowsGrain(hidden) }, (from, to) => {
      const offset = from * hidden * 4;
      const shifted = operands.map((address) => address + offset);
      return [to - from, hidden, ...shifted, residual && residual + offset, ...parameters, epsilon, y + offset];
    });
    return out;
  };
}

/** The gradient of gamma. A kernel with `spareRow` writes the normalised row down, in scratch of each thread's own. */
function gammaGradient(kernel: string, spareRow: boolean): HeapKernel {
  return (call) => {
    const { backend } = call;
    const [rows, hidden] = call.matrixShape('x');
    const operands = [call.address('dy'), call.address('x'), call.optionalAddress('residual'), call.number('epsilon')];
    const chunks = Math.ceil(rows / CHUNK_ROWS);
    const rowBytes = hidden * 4;
    const spareRows = spareRow ? backend.pool.threads : 0;
    return backend.withScratch((chunks + spareRows) * rowBytes, (partials) => {
      const out = backend.output([hidden]);
      const spare = (thread: number) => (spareRow ? [partials + (chunks + thread) * rowBytes] : []);
      backend.pool.parallel(kernel, { total: chunks, grain: 1 }, (from, to, thread) => [
        ...[from, to, CHUNK_ROWS, rows, hidden],
        ...operands,
        partials,
        ...spare(thread),
      ]);
      sumColumns(backend, chunks, hidden, partials, backend.address(out));
      return out;
    });
  };
}
