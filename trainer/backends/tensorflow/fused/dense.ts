/**
 * The kernels of trainer/ops/dense.ts and trainer/ops/low-rank-dense.ts. With a bias it is a program, whose product TensorFlow lets add the bias by itself.
 * Without one it is not by MatMul: TensorFlow 2.21 runs that alone through an old product of oneDNN's that writes over
 * freed memory when the process gets a signal (as under a profiler); BatchMatMulV2 is as fast and sound.
 */
import type * as tf from '../../../tensors';
import type { GraphFunction, Value } from '../graph';
import type { NativeCall } from '../kernel-call';

export function denseKernel(call: NativeCall): tf.Tensor {
  return 'bias' in call.present('bias') ? withBias(call) : withoutBias(call);
}

/** The update is added in the same program. */
export function lowRankDenseKernel(call: NativeCall): tf.Tensor {
  const scale = call.number('scale');
  const inputs = call.present('x', 'weight', 'a', 'b', 'bias');
  const hasBias = 'bias' in inputs;
  const name = `lowRankDense${hasBias ? '' : ' without bias'} ${scale}`;
  return single(call, name, inputs, (graph, x, weight, a, b, bias) => {
    const low = graph.op('Mul', [product(graph, x, a, true), graph.scalar(scale)]);
    const y = product(graph, x, weight, true);
    return graph.op('AddV2', [hasBias ? graph.op('BiasAdd', [y, bias]) : y, product(graph, low, b, true)]);
  });
}

export function lowRankDenseGradKernel(call: NativeCall): tf.Tensor {
  return single(call, 'lowRankDenseGrad', call.present('dy', 'weight', 'dLow', 'a'), (graph, dy, weight, dLow, a) =>
    graph.op('AddV2', [product(graph, dy, weight, false), product(graph, dLow, a, false)]),
  );
}

function withBias(call: NativeCall): tf.Tensor {
  return single(call, 'dense', call.present('x', 'weight', 'bias'), (graph, x, weight, bias) =>
    graph.op('BiasAdd', [product(graph, x, weight, true), bias]),
  );
}

type Formula = (graph: GraphFunction, ...inputs: [Value, Value, Value, Value, Value]) => Value;

function single(call: NativeCall, name: string, inputs: Readonly<Record<string, tf.TensorInfo>>, formula: Formula): tf.Tensor {
  const body = (graph: GraphFunction, ...values: Value[]) => [
    formula(graph, ...(values as [Value, Value, Value, Value, Value])), // as many as there are inputs
  ];
  const [y] = call.programs.run(name, inputs, body);
  if (!y) throw new Error(`The program "${name}" returned nothing.`);
  return y;
}

/** a b or a bᵀ. */
function product(graph: GraphFunction, a: Value, b: Value, transposed: boolean): Value {
  return graph.op('MatMul', [a, b], { T: { type: 'float32' }, transpose_a: { flag: false }, transpose_b: { flag: transposed } });
}

function withoutBias(call: NativeCall): tf.Tensor {
  return call.eager((eager) => {
    const attributes = [eager.type('T'), eager.flag('adj_x', false), eager.flag('adj_y', true)];
    return eager.op('BatchMatMulV2', [call.handle('x'), call.handle('weight')], attributes);
  });
}
