/** Random small problems for every operation of the wasm backend, each with the reference that it is compared with. */
import { activate, activateComposite } from '../../../trainer/ops/activate';
import type { Activation } from '../../../trainer/ops/activate';
import { adamWStep, adamWStepComposite } from '../../../trainer/ops/adamw';
import { attention, attentionComposite } from '../../../trainer/ops/attention';
import { crossEntropy, crossEntropyComposite } from '../../../trainer/ops/cross-entropy';
import { dense, denseComposite } from '../../../trainer/ops/dense';
import { dropout, dropoutComposite } from '../../../trainer/ops/dropout';
import type { Random } from '../../../trainer/ops/dropout';
import { embedding, embeddingComposite } from '../../../trainer/ops/embedding';
import { swiglu, swigluComposite } from '../../../trainer/ops/gated';
import { joinRows, joinRowsComposite } from '../../../trainer/ops/join-rows';
import { layerNorm, layerNormComposite } from '../../../trainer/ops/layer-norm';
import { lowRankDense, lowRankDenseComposite } from '../../../trainer/ops/low-rank-dense';
import { NO_LABEL } from '../../../trainer/ops/labelled';
import { linearCrossEntropy, linearCrossEntropyComposite } from '../../../trainer/ops/linear-cross-entropy';
import { createNf4Weight, denseNf4, denseNf4Composite, dequantizeNf4, dequantizeNf4Composite } from '../../../trainer/ops/nf4';
import { quantizeNf4 } from '../../../trainer/ops/nf4-format';
import { rmsNorm, rmsNormComposite } from '../../../trainer/ops/rms-norm';
import { createRotaryTables, rotary, rotaryComposite } from '../../../trainer/ops/rotary';
import { dropFirstComposite, prependComposite, prependToRows, withoutFirst } from '../../../trainer/ops/prepend-to-rows';
import { lengthsOf, startsOf, type Starts } from '../../../trainer/ops/sequences';
import { sumOfSquares, sumOfSquaresComposite } from '../../../trainer/ops/sum-of-squares';
import * as tf from '../../../trainer/tensors';
import { randomBlock, randomInteger } from '../numbers';
import type { Block } from '../numbers';
import type { TensorFunction } from '../on-backends';

export interface Problem {
  inputs: Block[];
  /** What is not in the shapes of the inputs, for the message. */
  options?: string;
  fused: TensorFunction;
  composite: TensorFunction;
  /** Default 2e-5. */
  tolerance?: number;
  /** Whether the operation is differentiated too. Default true. */
  hasGradient?: boolean;
  /** Inputs for which value and reference are both what they should be. Default NaN and both infinities. */
  specials?: readonly number[];
}

type Matrix = tf.Tensor2D;
type Vector = tf.Tensor1D;

const ACTIVATIONS: readonly Activation[] = ['gelu', 'gelu_new', 'gelu_pytorch_tanh', 'quick_gelu', 'relu', 'silu', 'tanh'];
const EPSILON = 1e-3;

/** One name per operation, and one that draws a problem for it. */
export const PROBLEMS: Record<string, (random: Random) => Problem> = {
  dense: (random) => {
    const [rows, width, out] = [drawRows(random), drawExtent(random), drawExtent(random)];
    return {
      inputs: [randomBlock(random, rows, width), randomBlock(random, out, width), randomBlock(random, out)],
      fused: (x, w, b) => dense(x as Matrix, w as Matrix, b as Vector),
      composite: (x, w, b) => denseComposite(x as Matrix, w as Matrix, b as Vector),
      tolerance: 1e-4, // sums of up to 1,100 products
    };
  },
  lowRankDense: (random) => {
    const [rows, width, out, r] = [drawRows(random), drawExtent(random), drawExtent(random), 1 + randomInteger(random, 17)];
    const toInputs = (x: tf.Tensor, weight: tf.Tensor, bias: tf.Tensor, a: tf.Tensor, b: tf.Tensor) => ({
      x: x as Matrix,
      weight: weight as Matrix,
      bias: bias as Vector,
      a: a as Matrix,
      b: b as Matrix,
      scale: 0.1,
    });
    const factors = [randomBlock(random, r, width), randomBlock(random, out, r)];
    return {
      inputs: [randomBlock(random, rows, width), randomBlock(random, out, width), randomBlock(random, out), ...factors],
      fused: (x, w, bias, a, b) => lowRankDense(toInputs(x, w, bias, a, b)),
      composite: (x, w, bias, a, b) => lowRankDenseComposite(toInputs(x, w, bias, a, b)),
      tolerance: 2e-4, // sums of up to 1,100 products of sums
    };
  },
  activate: (random) => {
    const kind = ACTIVATIONS[randomInteger(random, ACTIVATIONS.length)] ?? 'gelu';
    return {
      inputs: [randomBlock(random, drawRows(random), drawExtent(random))],
      options: kind,
      fused: (x) => activate(x as Matrix, kind),
      composite: (x) => activateComposite(x as Matrix, kind),
    };
  },
  swiglu: (random) => {
    const [rows, width] = [drawRows(random), drawExtent(random)];
    return {
      inputs: [randomBlock(random, rows, width), randomBlock(random, rows, width)],
      fused: (gate, up) => swiglu(gate as Matrix, up as Matrix),
      composite: (gate, up) => swigluComposite(gate as Matrix, up as Matrix),
    };
  },
  layerNorm: (random) => {
    const [rows, hidden] = [drawRows(random), drawExtent(random)];
    const residual = drawSome(random, randomBlock(random, rows, hidden));
    return {
      inputs: [randomBlock(random, rows, hidden), randomBlock(random, hidden), randomBlock(random, hidden), ...residual],
      fused: (x, g, b, r) => layerNorm(x as Matrix, g as Vector, b as Vector, EPSILON, r as Matrix | undefined),
      composite: (x, g, b, r) => layerNormComposite(x as Matrix, g as Vector, b as Vector, EPSILON, r as Matrix | undefined),
      tolerance: 5e-4, // rows of two or three near numbers divide by a small deviation
    };
  },
  rmsNorm: (random) => {
    const [rows, hidden] = [drawRows(random), drawExtent(random)];
    const residual = drawSome(random, randomBlock(random, rows, hidden));
    return {
      inputs: [randomBlock(random, rows, hidden), randomBlock(random, hidden), ...residual],
      fused: (x, g, r) => rmsNorm(x as Matrix, g as Vector, EPSILON, r as Matrix | undefined),
      composite: (x, g, r) => rmsNormComposite(x as Matrix, g as Vector, EPSILON, r as Matrix | undefined),
      tolerance: 2e-4,
    };
  },
  rotary: (random) => {
    const [tokens, heads, size] = [drawRows(random), 1 + randomInteger(random, 5), 2 + randomInteger(random, 33)];
    const tables = { positions: 50, rotated: 2 * (1 + randomInteger(random, Math.floor(size / 2))), theta: 100 };
    const positions = drawIds(random, tokens, 50);
    return {
      inputs: [randomBlock(random, tokens, heads * size)],
      options: `${heads} heads, ${tables.rotated} turned`,
      fused: (x) => rotary(x as Matrix, createRotaryTables(tables), positions(), heads),
      composite: (x) => rotaryComposite(x as Matrix, createRotaryTables(tables), positions(), heads),
    };
  },
  attention: (random) => {
    const [keyHeads, group, size] = [1 + randomInteger(random, 3), 1 + randomInteger(random, 3), 1 + randomInteger(random, 20)];
    const lengths = Array.from({ length: randomInteger(random, 4) }, () => randomInteger(random, 40)); // the reference is slow
    const starts = startsOf(lengths);
    const tokens = starts.at(-1) ?? 0;
    const window = random.next() < 0.3 ? { window: randomInteger(random, 12) } : {};
    const options = {
      ...{ heads: keyHeads * group, keyHeads, causal: random.next() < 0.5, queryStarts: starts, keyStarts: starts },
      ...window,
    };
    const bias = drawSome(random, randomBlock(random, keyHeads * group, 79));
    const width = keyHeads * size;
    const toInputs = (query: tf.Tensor, key: tf.Tensor, value: tf.Tensor, b?: tf.Tensor) => ({
      query: query as Matrix,
      key: key as Matrix,
      value: value as Matrix,
      ...(b ? { bias: b as Matrix } : {}),
    });
    return {
      inputs: [
        randomBlock(random, tokens, group * width),
        randomBlock(random, tokens, width),
        randomBlock(random, tokens, width),
        ...bias,
      ],
      options: `rows of ${lengths.join(', ') || 'nothing'}, ${keyHeads} · ${group} heads${options.causal ? ', causal' : ''}, window ${window.window}`,
      fused: (q, k, v, b) => attention({ ...toInputs(q, k, v, b), ...options }),
      composite: (q, k, v, b) => attentionComposite({ ...toInputs(q, k, v, b), ...options }),
      tolerance: 1e-4,
      specials: [NaN], // a score of minus infinity loses to the hidden ones of the reference, which are finite
    };
  },
  embedding: (random) => {
    const vocabulary = drawExtent(random);
    const ids = drawIds(random, drawRows(random), vocabulary);
    return {
      inputs: [randomBlock(random, vocabulary, drawExtent(random))],
      fused: (table) => embedding(table as Matrix, ids()),
      composite: (table) => embeddingComposite(table as Matrix, ids()),
    };
  },
  prependToRows: (random) => {
    const { starts, width, virtual } = drawPackedRows(random);
    return {
      inputs: [randomBlock(random, virtual, width), randomBlock(random, starts.at(-1) ?? 0, width)],
      options: `rows at ${starts.join()}`,
      fused: (front, x) => prependToRows(front as Matrix, x as Matrix, starts).x,
      composite: (front, x) => prependComposite(front as Matrix, x as Matrix, starts),
    };
  },
  withoutFirst: (random) => {
    const { starts, width, virtual } = drawPackedRows(random);
    const longer = startsOf(lengthsOf(starts).map((length) => length + virtual));
    return {
      inputs: [randomBlock(random, longer.at(-1) ?? 0, width)],
      options: `rows at ${longer.join()}, ${virtual} of each`,
      fused: (x) => withoutFirst(x as Matrix, longer, virtual).x,
      composite: (x) => dropFirstComposite(x as Matrix, longer, virtual),
    };
  },
  crossEntropy: (random) => {
    const [rows, classes, smoothing] = [drawRows(random), 1 + drawExtent(random), random.next() < 0.5 ? 0 : 0.1];
    const labels = drawIds(random, rows, classes);
    return {
      inputs: [randomBlock(random, rows, classes)],
      options: `smoothing ${smoothing}`,
      fused: (logits) => crossEntropy(logits as Matrix, labels(), smoothing),
      composite: (logits) => crossEntropyComposite(logits as Matrix, labels(), smoothing),
      specials: [NaN, Infinity], // the reference multiplies log 0 by 0
    };
  },
  linearCrossEntropy: (random) => {
    const [rows, width, smoothing] = [drawRows(random), drawExtent(random), random.next() < 0.5 ? 0 : 0.1];
    const vocabulary = random.next() < 0.1 ? 2030 + randomInteger(random, 40) : 1 + drawExtent(random);
    const labels = Int32Array.from({ length: rows }, () => (random.next() < 0.3 ? NO_LABEL : randomInteger(random, vocabulary)));
    return {
      inputs: [randomBlock(random, rows, width), randomBlock(random, vocabulary, width)],
      options: `smoothing ${smoothing}`,
      fused: (x, w) => linearCrossEntropy(x as Matrix, w as Matrix, labels, smoothing),
      composite: (x, w) => linearCrossEntropyComposite(x as Matrix, w as Matrix, labels, smoothing),
      tolerance: 5e-5,
      specials: [NaN], // as in crossEntropy, and infinity makes logits of either sign
    };
  },
  denseNf4: (random) => {
    const [rows, width, out] = [drawRows(random), drawExtent(random), drawExtent(random)];
    const data = quantizeNf4(randomBlock(random, out, width).values, out, width);
    return {
      inputs: [randomBlock(random, rows, width), ...drawSome(random, randomBlock(random, out))],
      options: `weight [${out}, ${width}]`,
      fused: (x, b) => denseNf4(x as Matrix, createNf4Weight(data), b as Vector | undefined),
      composite: (x, b) => denseNf4Composite(x as Matrix, createNf4Weight(data), b as Vector | undefined),
    };
  },
  dequantizeNf4: (random) => {
    const [rows, columns] = [drawExtent(random), drawExtent(random)];
    const data = quantizeNf4(randomBlock(random, rows, columns).values, rows, columns);
    return {
      inputs: [],
      options: `weight [${rows}, ${columns}]`,
      fused: () => dequantizeNf4(createNf4Weight(data)),
      composite: () => dequantizeNf4Composite(createNf4Weight(data)),
      tolerance: 0,
      hasGradient: false,
    };
  },
  dropout: (random) => {
    const [rate, seed] = [random.next() * 0.9, random.next()];
    return {
      inputs: [randomBlock(random, drawRows(random), drawExtent(random))],
      options: `rate ${rate}`,
      fused: (x) => dropout(x as Matrix, rate, { next: () => seed }),
      composite: (x) => dropoutComposite(x as Matrix, rate, Math.floor(seed * 2 ** 32)),
    };
  },
  adamW: (random) => {
    const size = drawExtent(random) * drawExtent(random);
    const blocks = Array.from({ length: 4 }, () => randomBlock(random, size));
    const options = { step: 3, learningRate: 0.1, beta1: 0.9, beta2: 0.99, epsilon: 1e-4, weightDecay: 0.1, gradientScale: 0.5 };
    // Each run has variables of its own: an update in place must not reach the inputs.
    const run =
      (update: typeof adamWStep) => (parameter: tf.Tensor, gradient: tf.Tensor, first: tf.Tensor, second: tf.Tensor) => {
        const toVariable = (x: tf.Tensor) => tf.tidy(() => tf.variable(tf.tensor(Float32Array.from(x.dataSync()), x.shape)));
        const state = {
          parameter: toVariable(parameter),
          firstMoment: toVariable(first),
          secondMoment: toVariable(tf.abs(second)),
        };
        update({ ...state, gradient, ...options });
        const result = tf.concat([state.parameter, state.firstMoment, state.secondMoment]);
        tf.dispose(state);
        return result;
      };
    return { inputs: blocks, fused: run(adamWStep), composite: run(adamWStepComposite), hasGradient: false };
  },
  sumOfSquares: (random) => ({
    inputs: [randomBlock(random, drawRows(random), drawExtent(random))],
    fused: (x) => sumOfSquares(x),
    composite: (x) => sumOfSquaresComposite(x),
    hasGradient: false,
  }),
  ...Object.fromEntries(
    Object.entries({ add: tf.add, sub: tf.sub, mul: tf.mul, div: tf.div }).map(([name, f]) => [name, drawBinary(f)]),
  ),
  matMul: (random) => {
    const [batches, m, k, n] = [1 + randomInteger(random, 3), drawRows(random), drawExtent(random), drawExtent(random)];
    const [flipA, flipB] = [random.next() < 0.5, random.next() < 0.5];
    const f: TensorFunction = (a, b) => tf.matMul(requireTensor(a), requireTensor(b), flipA, flipB);
    const shapeA = flipA ? [batches, k, m] : [batches, m, k];
    const shapeB = flipB ? [batches, n, k] : [batches, k, n];
    const inputs = [randomBlock(random, ...shapeA), randomBlock(random, ...shapeB)];
    return { inputs, options: `transposed ${flipA} ${flipB}`, fused: f, composite: f, tolerance: 1e-4 };
  },
  sum: (random) => {
    const axes = [[0], [1], [2], [0, 1], [1, 2], [0, 1, 2]][randomInteger(random, 6)];
    const f: TensorFunction = (x) => tf.sum(requireTensor(x), axes);
    const shape = [1 + randomInteger(random, 9), drawRows(random), drawExtent(random)];
    return { inputs: [randomBlock(random, ...shape)], options: `axes ${String(axes)}`, fused: f, composite: f, tolerance: 5e-5 };
  },
  transpose: (random) => {
    const f: TensorFunction = (x) => tf.transpose(requireTensor(x));
    return { inputs: [randomBlock(random, drawRows(random), drawExtent(random))], fused: f, composite: f, tolerance: 0 };
  },
  gather: (random) => {
    const rows = drawExtent(random);
    const ids = drawIds(random, drawRows(random), rows);
    const f: TensorFunction = (x) => tf.gather(requireTensor(x), ids());
    return { inputs: [randomBlock(random, rows, drawExtent(random))], fused: f, composite: f };
  },
  cast: (random) => {
    const ids = drawIds(random, drawRows(random), 100);
    const f: TensorFunction = () => tf.mul(tf.cast(ids(), 'float32'), 0.5);
    return { inputs: [], fused: f, composite: f, tolerance: 0, hasGradient: false };
  },
  joinRows: (random) => {
    const { starts, width } = drawPackedRows(random);
    const more = startsOf(lengthsOf(starts).map(() => 1 + randomInteger(random, 3)));
    const packed = (x: tf.Tensor, at: Starts) => ({ x: x as Matrix, starts: at });
    return {
      inputs: [randomBlock(random, starts.at(-1) ?? 0, width), randomBlock(random, more.at(-1) ?? 0, width)],
      options: `rows at ${starts.join()} and ${more.join()}`,
      fused: (first, second) => joinRows(packed(first, starts), packed(second, more)).x,
      composite: (first, second) => joinRowsComposite(packed(first, starts), packed(second, more)),
      tolerance: 0,
      hasGradient: false,
    };
  },
};

/** Alike, a number, a row, a column, either way round. */
function drawBinary(f: (a: tf.Tensor, b: tf.Tensor) => tf.Tensor): (random: Random) => Problem {
  return (random) => {
    const [rows, columns] = [drawRows(random), drawExtent(random)];
    const other = [[rows, columns], [1], [columns], [rows, 1]][randomInteger(random, 4)] ?? [];
    const inputs = [randomBlock(random, rows, columns), randomBlock(random, ...other)];
    const run: TensorFunction = (a, b) => f(requireTensor(a), requireTensor(b));
    const tolerance = f === tf.div ? 1e-4 : 2e-5; // divisors near zero, and sums of what they give
    return { inputs: random.next() < 0.5 ? inputs : inputs.reverse(), fused: run, composite: run, tolerance };
  };
}

/** 1 to 70, of all residues modulo 8; 1 often. */
function drawExtent(random: Random): number {
  return random.next() < 0.1 ? 1 : 1 + randomInteger(random, 70);
}

/** As `drawExtent`, but also 0, and now and then enough rows for several threads. */
function drawRows(random: Random): number {
  const kind = random.next();
  if (kind < 0.06) return 0;
  return kind > 0.95 ? 600 + randomInteger(random, 500) : drawExtent(random);
}

/** Ids below a limit, as a tensor made on the backend that is current when it is asked for. */
function drawIds(random: Random, count: number, limit: number): () => Vector {
  const ids = Int32Array.from({ length: count }, () => randomInteger(random, limit));
  return () => tf.tensor1d(ids, 'int32');
}

/** The block, or half of the time nothing. */
function drawSome(random: Random, block: Block): Block[] {
  return random.next() < 0.5 ? [block] : [];
}

function requireTensor(x: tf.Tensor | undefined): tf.Tensor {
  if (!x) throw new Error('The problem has fewer inputs than its function.');
  return x;
}

/** A few rows, empty ones among them but not all (the reference cannot differentiate no tokens), and how many go in front of each. */
function drawPackedRows(random: Random): { starts: Starts; width: number; virtual: number } {
  const lengths = [
    1 + randomInteger(random, 20),
    ...Array.from({ length: randomInteger(random, 4) }, () => randomInteger(random, 20)),
  ];
  return { starts: startsOf(lengths), width: drawExtent(random), virtual: 1 + randomInteger(random, 8) };
}
