/** The kernels of trainer/ops/layer-norm.ts; the same ones with a residual and without. */
import type * as tf from '../../../tensors';
import type { Attribute, GraphFunction, Value } from '../graph';
import type { NativeCall } from '../kernel-call';

export function layerNormKernel(call: NativeCall): tf.Tensor {
  return compute(call, 'layerNorm', ['gamma', 'beta'], (graph, { centered, rsqrt }, gamma, beta) => {
    const normalized = graph.op('Mul', [centered, rsqrt]);
    return graph.op('AddV2', [graph.op('Mul', [normalized, gamma]), beta]);
  });
}

/** With g = dy · gamma and n the normalised row: (g - mean(g) - n mean(g n)) / √(var + epsilon). */
export function layerNormGradKernel(call: NativeCall): tf.Tensor {
  return compute(call, 'layerNormGrad', ['dy', 'gamma'], (graph, { centered, rsqrt, mean }, dy, gamma) => {
    const normalized = graph.op('Mul', [centered, rsqrt]);
    const g = graph.op('Mul', [dy, gamma]);
    const along = graph.op('Mul', [normalized, mean(graph.op('Mul', [g, normalized]))]);
    const across = graph.op('Sub', [graph.op('Sub', [g, mean(g)]), along]);
    return graph.op('Mul', [across, rsqrt]);
  });
}

/** Σ over the rows of dy n. */
export function layerNormGammaGradKernel(call: NativeCall): tf.Tensor {
  return compute(call, 'layerNormGammaGrad', ['dy'], (graph, { centered, rsqrt }, dy) =>
    graph.op('Sum', [graph.op('Mul', [dy, graph.op('Mul', [centered, rsqrt])]), graph.integers([0])], reduction(false)),
  );
}

interface Statistics {
  /** The row without its mean. */
  readonly centered: Value;
  /** 1 / √(var + epsilon) per row. */
  readonly rsqrt: Value;
  /** The mean of each row of x. */
  readonly mean: (x: Value) => Value;
}

type Formula = (graph: GraphFunction, statistics: Statistics, ...inputs: Value[]) => Value;

/** Elements that a processor adds at once. */
const LANES = 16;

function compute(call: NativeCall, name: string, more: readonly string[], formula: Formula): tf.Tensor {
  const epsilon = call.number('epsilon');
  const summands = call.present('x', 'residual');
  const count = Object.keys(summands).length;
  const [rows = 0, width = 0] = call.input('x').shape;
  const inLanes = call.programs.compilesFor(rows) && width % LANES === 0 && width > 0;
  const key = [name, count, epsilon, inLanes ? width : 'any'].join(' ');
  return call.compute(key, { ...summands, ...call.present(...more) }, (graph, x, ...rest) => {
    const [residual] = count === 2 ? rest : [];
    const sum = residual === undefined ? x : graph.op('AddV2', [x, residual]);
    const mean = (values: Value) => meanOfRows(graph, inLanes ? byLane(graph, values, width) : values);
    return [formula(graph, statisticsOf(graph, sum, epsilon, mean), ...rest.slice(count - 1))];
  });
}

function statisticsOf(graph: GraphFunction, sum: Value, epsilon: number, mean: (x: Value) => Value): Statistics {
  const centered = graph.op('Sub', [sum, mean(sum)]);
  const variance = mean(graph.op('Square', [centered]));
  return { centered, mean, rsqrt: graph.op('Rsqrt', [graph.op('AddV2', [variance, graph.scalar(epsilon)])]) };
}

/** [rows, width] → [rows, LANES], whose rows have the same mean. XLA adds up a row element by element, but lanes at once. */
function byLane(graph: GraphFunction, x: Value, width: number): Value {
  const shape = graph.integers([-1, width / LANES, LANES]);
  const split = graph.op('Reshape', [x, shape], { T: { type: 'float32' }, Tshape: { type: 'int32' } });
  return graph.op('Mean', [split, graph.integers([1])], reduction(false));
}

function meanOfRows(graph: GraphFunction, x: Value): Value {
  return graph.op('Mean', [x, graph.integers([1])], reduction(true));
}

function reduction(keepDimensions: boolean): Record<string, Attribute> {
  return { T: { type: 'float32' }, Tidx: { type: 'int32' }, keep_dims: { flag: keepDimensions } };
}
