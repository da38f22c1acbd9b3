import assert from 'node:assert/strict';
import { HeapExhausted } from '../../../trainer/backends/wasm/heap';
import { registerWasmBackend } from '../../../trainer/backends/wasm/register';
import type { WasmBackend } from '../../../trainer/backends/wasm/wasm-backend';
import { FUSED_KERNELS } from '../../../trainer/ops/fused';
import { createNf4Weight } from '../../../trainer/ops/nf4';
import { quantizeNf4 } from '../../../trainer/ops/nf4-format';
import { createRotaryTables } from '../../../trainer/ops/rotary';
import * as tf from '../../../trainer/tensors';
import { assertSameBits, randomBlock, seededRandom } from '../numbers';
import { read } from '../on-backends';

const LIMIT_BYTES = 16 * 1024 * 1024;
const STEPS = 8;

const [ROWS, WIDTH, OUT] = [64, 96, 80];
const NORM = { epsilon: 1e-5 };
const HEADS = { heads: 4, keyHeads: 4, causal: true, queryStarts: [0, 40, ROWS], keyStarts: [0, 40, ROWS], firstPlaces: [0, 0] };

interface Call {
  inputs: tf.NamedTensorMap;
  attributes?: tf.NamedAttrMap;
}

/** Of the kernels of TensorFlow.js that the backend replaces, those that take heap in other ways than the others. */
const STOCK_CALLS: Record<string, () => Call> = {
  BatchMatMul: () => {
    const inputs = { a: matrix(ROWS, WIDTH), b: matrix(OUT, WIDTH) };
    return { inputs, attributes: { transposeA: false, transposeB: true } };
  },
  Sum: () => ({ inputs: { x: matrix(ROWS, WIDTH) }, attributes: { axis: [0], keepDims: false } }),
  UnsortedSegmentSum: () => ({
    inputs: { x: matrix(ROWS, WIDTH), segmentIds: ids(ROWS, OUT) },
    attributes: { numSegments: OUT },
  }),
};

/** One call of each kernel of ours, with matrices of some tens of kilobytes. */
const CALLS: Record<keyof typeof FUSED_KERNELS, () => Call> = {
  dense: () => ({ inputs: { x: matrix(ROWS, WIDTH), weight: matrix(OUT, WIDTH), bias: vector(OUT) } }),
  lowRankDense: () => {
    const factors = { a: matrix(8, WIDTH), b: matrix(OUT, 8) };
    const inputs = { x: matrix(ROWS, WIDTH), weight: matrix(OUT, WIDTH), bias: vector(OUT), ...factors };
    return { inputs, attributes: { scale: 2 } };
  },
  lowRankDenseGrad: () => ({
    inputs: { dy: matrix(ROWS, OUT), weight: matrix(OUT, WIDTH), dLow: matrix(ROWS, 8), a: matrix(8, WIDTH) },
  }),
  activate: () => ({ inputs: { x: matrix(ROWS, WIDTH) }, attributes: { kind: 'gelu' } }),
  activateGrad: () => ({ inputs: { dy: matrix(ROWS, WIDTH), x: matrix(ROWS, WIDTH) }, attributes: { kind: 'gelu' } }),
  swiglu: () => ({ inputs: { gate: matrix(ROWS, WIDTH), up: matrix(ROWS, WIDTH) } }),
  swigluGrad: () => ({ inputs: { dy: matrix(ROWS, WIDTH), gate: matrix(ROWS, WIDTH), up: matrix(ROWS, WIDTH) } }),
  layerNorm: () => ({ inputs: { x: matrix(ROWS, WIDTH), gamma: vector(WIDTH), beta: vector(WIDTH) }, attributes: NORM }),
  addLayerNorm: () => {
    const inputs = { x: matrix(ROWS, WIDTH), residual: matrix(ROWS, WIDTH), gamma: vector(WIDTH), beta: vector(WIDTH) };
    return { inputs, attributes: NORM };
  },
  layerNormGrad: () => callNormGrad({ gamma: vector(WIDTH) }),
  layerNormGammaGrad: () => callNormGrad({}),
  rmsNorm: () => ({ inputs: { x: matrix(ROWS, WIDTH), gamma: vector(WIDTH) }, attributes: NORM }),
  addRmsNorm: () => {
    const inputs = { x: matrix(ROWS, WIDTH), residual: matrix(ROWS, WIDTH), gamma: vector(WIDTH) };
    return { inputs, attributes: NORM };
  },
  rmsNormGrad: () => callNormGrad({ gamma: vector(WIDTH) }),
  rmsNormGammaGrad: () => callNormGrad({}),
  rotary: () => {
    const tables = createRotaryTables({ positions: ROWS, rotated: WIDTH / 4, theta: 1e4 });
    return { inputs: { x: matrix(ROWS, WIDTH), ...tables, positions: ids(ROWS, ROWS) }, attributes: { heads: 4, sign: 1 } };
  },
  attention: () => ({ inputs: attentionInputs(), attributes: HEADS }),
  attentionGrad: () => ({ inputs: { dy: matrix(ROWS, WIDTH), ...attentionInputs() }, attributes: HEADS }),
  biasedAttention: () => ({ inputs: { ...attentionInputs(), bias: matrix(4, 79) }, attributes: { ...HEADS, window: 9 } }),
  biasedAttentionGrad: () => ({
    inputs: { dy: matrix(ROWS, WIDTH), ...attentionInputs(), bias: matrix(4, 79) },
    attributes: { ...HEADS, window: 9 },
  }),
  embedding: () => ({ inputs: { table: matrix(OUT, WIDTH), ids: ids(ROWS, OUT) } }),
  embeddingGrad: () => ({ inputs: { dy: matrix(ROWS, WIDTH), ids: ids(ROWS, OUT) }, attributes: { vocabulary: OUT } }),
  prependToRows: () => ({
    inputs: { front: matrix(8, WIDTH), x: matrix(ROWS, WIDTH) },
    attributes: { starts: [0, 40, ROWS], virtual: 8 },
  }),
  joinRows: () => ({
    inputs: { first: matrix(ROWS, WIDTH), second: matrix(ROWS, WIDTH) },
    attributes: { firstStarts: [0, 40, ROWS], secondStarts: [0, 9, ROWS] },
  }),
  withoutFirst: () => ({ inputs: { x: matrix(ROWS, WIDTH) }, attributes: { starts: [0, 40, ROWS], virtual: 8 } }),
  crossEntropy: () => ({
    inputs: { logits: matrix(ROWS, WIDTH), labels: ids(ROWS, WIDTH) },
    attributes: { labelSmoothing: 0.1 },
  }),
  crossEntropyGrad: () => {
    const inputs = { dy: tf.scalar(1), logits: matrix(ROWS, WIDTH), labels: ids(ROWS, WIDTH) };
    return { inputs, attributes: { labelSmoothing: 0.1 } };
  },
  linearCrossEntropy: () => callLinearCrossEntropy({}),
  linearCrossEntropyGrad: () => callLinearCrossEntropy({ dy: tf.scalar(1), statistics: tf.ones([ROWS, 2]) }),
  linearCrossEntropyWeightGrad: () => callLinearCrossEntropy({ dy: tf.scalar(1), statistics: tf.ones([ROWS, 2]) }),
  denseNf4: () => callNf4({ x: matrix(ROWS, WIDTH), bias: vector(OUT) }),
  denseNf4Grad: () => callNf4({ dy: matrix(ROWS, OUT) }),
  dequantizeNf4: () => callNf4({}),
  dropout: () => ({ inputs: { x: matrix(ROWS, WIDTH) }, attributes: { rate: 0.5, seed: 3 } }),
  adamW: () => {
    const inputs = { parameter: matrix(9, 9), gradient: matrix(9, 9), firstMoment: matrix(9, 9), secondMoment: matrix(9, 9) };
    const rates = { step: 1, learningRate: 0.1, beta1: 0.9, beta2: 0.99, epsilon: 1e-8, weightDecay: 0, gradientScale: 1 };
    return { inputs, attributes: rates };
  },
  sumOfSquares: () => ({ inputs: { x: matrix(ROWS, WIDTH) } }),
};

describe('a heap that is too small', () => {
  const ours = Object.entries(FUSED_KERNELS).map(([key, name]) => [name, CALLS[key as keyof typeof CALLS]] as const); // entries forget the type of keys

  for (const [name, prepare] of [...ours, ...Object.entries(STOCK_CALLS)]) {
    it(`makes ${name} throw HeapExhausted, keep nothing, and work again with room`, async () => {
      const backend = registerWasmBackend({ threads: 1, build: 'relaxed', limitBytes: LIMIT_BYTES, name: 'test-wasm-tight' });
      await tf.setBackend('test-wasm-tight');
      const expected = run(name, prepare);
      const needed = measurePeak(backend, () => run(name, prepare));
      for (let step = 0; step < STEPS; step++) requireCleanFailure(backend, () => run(name, prepare), (needed * step) / STEPS);
      run(name, prepare).forEach((values, i) => {
        assertSameBits(values, expected[i] ?? assert.fail(), 'with room again');
      });
      tf.removeBackend('test-wasm-tight');
    });
  }
});

function requireCleanFailure(backend: WasmBackend, f: () => void, roomBytes: number): void {
  const before = { heap: backend.stats().usedBytes, tensors: tf.memory().numTensors };
  const ballast = leaveRoom(backend, roomBytes);
  const error = catchError(f);
  backend.heap.free(ballast);
  assert.ok(error instanceof HeapExhausted, `with room for ${roomBytes} bytes: ${String(error)}`);
  assert.equal(error.limitBytes, LIMIT_BYTES);
  assert.ok(error.askedBytes > 0, `asked ${error.askedBytes}`);
  assert.ok(error.usedBytes + error.askedBytes > LIMIT_BYTES - 65536, `used ${error.usedBytes}, asked ${error.askedBytes}`);
  assert.deepEqual({ heap: backend.stats().usedBytes, tensors: tf.memory().numTensors }, before);
}

/** Everything that the kernel returns; nothing stays. */
function run(name: string, prepare: () => Call): Float32Array[] {
  return tf.tidy(() => {
    const { inputs, attributes } = prepare();
    const result = tf.engine().runKernel<tf.Tensor | tf.Tensor[]>(name, inputs, attributes);
    return (Array.isArray(result) ? result : [result]).map(read);
  });
}

function measurePeak(backend: WasmBackend, f: () => void): number {
  const before = backend.stats().usedBytes;
  backend.heap.resetPeak();
  f();
  return backend.stats().peakBytes - before;
}

/** Takes all of the heap but some bytes. */
function leaveRoom(backend: WasmBackend, bytes: number): number {
  const unusedPage = 65536;
  const room = LIMIT_BYTES - unusedPage - backend.stats().usedBytes;
  return backend.heap.allocate(Math.floor((room - bytes) / 64) * 64);
}

function catchError(f: () => void): unknown {
  try {
    f();
    return undefined;
  } catch (error) {
    return error;
  }
}

function matrix(rows: number, columns: number): tf.Tensor2D {
  return tf.tensor2d(randomBlock(seededRandom(rows + columns), rows, columns).values, [rows, columns]);
}

function vector(size: number): tf.Tensor1D {
  return tf.tensor1d(randomBlock(seededRandom(size), size).values);
}

function ids(count: number, limit: number): tf.Tensor1D {
  return tf.tensor1d(
    Int32Array.from({ length: count }, (_, i) => (i * 7) % limit),
    'int32',
  );
}

function attentionInputs(): tf.NamedTensorMap {
  return { query: matrix(ROWS, WIDTH), key: matrix(ROWS, WIDTH), value: matrix(ROWS, WIDTH) };
}

function callNormGrad(gamma: tf.NamedTensorMap): Call {
  return { inputs: { dy: matrix(ROWS, WIDTH), x: matrix(ROWS, WIDTH), ...gamma }, attributes: NORM };
}

function callLinearCrossEntropy(saved: tf.NamedTensorMap): Call {
  const inputs = { ...saved, x: matrix(ROWS, WIDTH), weight: matrix(OUT, WIDTH), labels: ids(ROWS, OUT) };
  return { inputs, attributes: { labelSmoothing: 0 } };
}

function callNf4(others: tf.NamedTensorMap): Call {
  const { rows, columns, nestedOffset, parts } = createNf4Weight(quantizeNf4(read(matrix(OUT, WIDTH)), OUT, WIDTH));
  return { inputs: { ...others, ...parts }, attributes: { rows, columns, nestedOffset } };
}
