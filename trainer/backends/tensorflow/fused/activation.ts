/** The kernels of trainer/ops/activate.ts. */
import type * as tf from '../../../tensors';
import type { Activation } from '../../../ops/activate';
import type { GraphFunction, Value } from '../graph';
import type { NativeCall } from '../kernel-call';

interface Formula {
  readonly value: (graph: GraphFunction, x: Value) => Value;
  readonly gradient: (graph: GraphFunction, dy: Value, x: Value) => Value;
}

const tanhGelu: Formula = {
  value: (graph, x) => graph.op('Mul', [graph.op('Mul', [x, graph.scalar(0.5)]), plusOne(graph, tanhOfGelu(graph, x))]),
  // with t = tanh(u): (1 + t) / 2 + x (1 - t²) u' / 2, u' = √(2/π) (1 + 3 · 0.044715 x²)
  gradient: (graph, dy, x) => {
    const t = tanhOfGelu(graph, x);
    const rate = Math.sqrt(2 / Math.PI);
    const square = graph.op('Mul', [graph.op('Square', [x]), graph.scalar(3 * 0.044715 * rate)]);
    const inner = graph.op('Mul', [graph.op('AddV2', [square, graph.scalar(rate)]), x]);
    const slope = graph.op('AddV2', [graph.op('TanhGrad', [t, inner]), plusOne(graph, t)]); // TanhGrad(t, dy) = dy (1 - t²)
    return graph.op('Mul', [graph.op('Mul', [slope, graph.scalar(0.5)]), dy]);
  },
};

const FORMULAS: Record<Activation, Formula> = {
  gelu: {
    value: (graph, x) => graph.op('Mul', [x, normalCdf(graph, x)]),
    // Φ(x) + x φ(x), φ(x) = exp(-x²/2) / √(2π)
    gradient: (graph, dy, x) => {
      const exponent = graph.op('Mul', [graph.op('Square', [x]), graph.scalar(-0.5)]);
      const density = graph.op('Mul', [graph.op('Exp', [exponent]), graph.scalar(1 / Math.sqrt(2 * Math.PI))]);
      const slope = graph.op('AddV2', [normalCdf(graph, x), graph.op('Mul', [density, x])]);
      return graph.op('Mul', [slope, dy]);
    },
  },
  gelu_new: tanhGelu,
  gelu_pytorch_tanh: tanhGelu,
  quick_gelu: sigmoidUnit(1.702),
  relu: {
    value: (graph, x) => graph.op('Relu', [x]),
    gradient: (graph, dy, x) => graph.op('ReluGrad', [dy, x]),
  },
  silu: sigmoidUnit(1),
  tanh: {
    value: (graph, x) => graph.op('Tanh', [x]),
    gradient: (graph, dy, x) => graph.op('TanhGrad', [graph.op('Tanh', [x]), dy]),
  },
};

export function activateKernel(call: NativeCall): tf.Tensor {
  const { kind, formula } = readFormula(call);
  return call.compute(`activate ${kind}`, call.present('x'), (graph, x) => [formula.value(graph, x)]);
}

export function activateGradKernel(call: NativeCall): tf.Tensor {
  const { kind, formula } = readFormula(call);
  return call.compute(`activateGrad ${kind}`, call.present('dy', 'x'), (graph, dy, x) => [formula.gradient(graph, dy, x)]);
}

function readFormula(call: NativeCall): { kind: string; formula: Formula } {
  const kind = String(call.attribute('kind'));
  const found = Object.entries(FORMULAS).find(([known]) => known === kind);
  if (!found) throw new Error(`There is no activation "${kind}".`);
  return { kind, formula: found[1] };
}

/** x σ(a x); its slope is s + a x s (1 - s). */
function sigmoidUnit(a: number): Formula {
  const sigmoid = (graph: GraphFunction, x: Value) => graph.op('Sigmoid', [graph.op('Mul', [x, graph.scalar(a)])]);
  return {
    value: (graph, x) => graph.op('Mul', [x, sigmoid(graph, x)]),
    gradient: (graph, dy, x) => {
      const s = sigmoid(graph, x);
      const inner = graph.op('SigmoidGrad', [s, graph.op('Mul', [x, graph.scalar(a)])]); // SigmoidGrad(s, dy) = dy s (1 - s)
      return graph.op('Mul', [graph.op('AddV2', [s, inner]), dy]);
    },
  };
}

/** Φ(x) = (1 + erf(x / √2)) / 2. */
function normalCdf(graph: GraphFunction, x: Value): Value {
  const error = graph.op('Erf', [graph.op('Mul', [x, graph.scalar(Math.SQRT1_2)])]);
  return graph.op('Mul', [plusOne(graph, error), graph.scalar(0.5)]);
}

function plusOne(graph: GraphFunction, x: Value): Value {
  return graph.op('AddV2', [x, graph.scalar(1)]);
}

/** tanh(√(2/π) (x + 0.044715 x³)) */
function tanhOfGelu(graph: GraphFunction, x: Value): Value {
  const cube = graph.op('Mul', [graph.op('Mul', [graph.op('Square', [x]), x]), graph.scalar(0.044715)]);
  return graph.op('Tanh', [graph.op('Mul', [graph.op('AddV2', [x, cube]), graph.scalar(Math.sqrt(2 / Math.PI))])]);
}
