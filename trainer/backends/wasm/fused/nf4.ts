/** The kernels of trainer/ops/nf4.ts: a few rows of the weight are dequantised into scratch, multiplied, and forgotten. */
import type * as tf from '../../../tensors';
import { gemm } from '../gemm';
import { filledOutput, rowsGrain } from '../kernel-call';
import type { KernelCall } from '../kernel-call';

/** Floats of weight that are dequantised at a time: half of what a core's second cache usually holds. */
const BLOCK_FLOATS = 131_072;
/** Rows a block is a multiple of: the width of gemm's tile. */
const ROW_UNIT = 8;

interface PackedWeight {
  rows: number;
  columns: number;
  codes: number;
  /** Addresses of the maps and scales, as `nf4Dequantize` takes them, and the offset. */
  scales: number[];
}

/** Rows `first` to `first + rows` of the weight, as floats. */
interface RowBlock {
  first: number;
  rows: number;
  address: number;
}

export function denseNf4Kernel(call: KernelCall): tf.TensorInfo {
  const [rows] = call.matrixShape('x');
  const weight = readWeight(call);
  const a = { address: call.address('x'), next: weight.columns };
  const bias = call.optionalAddress('bias');
  return overRowBlocks(call, weight, [rows, weight.rows], (block, out) => {
    gemm(call.backend, {
      m: rows,
      n: block.rows,
      depth: weight.columns,
      a,
      b: { address: block.address, next: weight.columns, transposed: true },
      c: { address: out + block.first * 4, next: weight.rows },
      bias: bias && bias + block.first * 4,
    });
  });
}

/** dx = dy · W, block after block of its rows. */
export function denseNf4GradKernel(call: KernelCall): tf.TensorInfo {
  const [rows] = call.matrixShape('dy');
  const weight = readWeight(call);
  const dy = call.address('dy');
  return overRowBlocks(call, weight, [rows, weight.columns], (block, out) => {
    gemm(call.backend, {
      m: rows,
      n: weight.columns,
      depth: block.rows,
      a: { address: dy + block.first * 4, next: weight.rows },
      b: { address: block.address, next: weight.columns },
      c: { address: out, next: weight.columns },
      accumulate: block.first > 0,
    });
  });
}

export function dequantizeNf4Kernel(call: KernelCall): tf.TensorInfo {
  const weight = readWeight(call);
  const out = call.backend.output([weight.rows, weight.columns]);
  dequantize(call, weight, { first: 0, rows: weight.rows, address: call.backend.address(out) });
  return out;
}

function readWeight(call: KernelCall): PackedWeight {
  const scales = ['quantMap', 'absmax', 'nestedQuantMap', 'nestedAbsmax'].map((name) => call.address(name));
  return {
    rows: call.number('rows'),
    columns: call.number('columns'),
    codes: call.address('weight'),
    scales: [...scales, call.number('nestedOffset')],
  };
}

/** Makes an output and calls `use` with its address and each block of the weight's rows. */
function overRowBlocks(
  call: KernelCall,
  weight: PackedWeight,
  shape: [number, number],
  use: (block: RowBlock, out: number) => void,
): tf.TensorInfo {
  const { backend } = call;
  const blockRows = Math.max(1, Math.floor(BLOCK_FLOATS / weight.columns / ROW_UNIT)) * ROW_UNIT;
  return backend.withScratch(Math.min(blockRows, weight.rows) * weight.columns * 4, (address) =>
    filledOutput(backend, shape, (out) => {
      for (let first = 0; first < weight.rows; first += blockRows) {
        const block = { first, rows: Math.min(blockRows, weight.rows - first), address };
        dequantize(call, weight, block);
        use(block, out);
      }
    }),
  );
}

function dequantize({ backend }: KernelCall, { columns, codes, scales }: PackedWeight, { first, rows, address }: RowBlock): void {
  backend.pool.parallel('nf4Dequantize', { total: rows, grain: rowsGrain(columns) }, (from, to) => [
    (first + from) * columns,
    (to - from) * columns,
    codes,
    ...scales,
    address + from * columns * 4,
  ]);
}
