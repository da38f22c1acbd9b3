/** The kernel of trainer/ops/dropout.ts; its own gradient. */
import * as tf from '../../../tensors';
import { dropThreshold, elementHash } from '../../../ops/dropout';
import type { GraphFunction, Value } from '../graph';
import type { NativeCall } from '../kernel-call';

export function dropoutKernel(call: NativeCall): tf.Tensor {
  const x = call.input('x');
  const rate = call.number('rate');
  const seed = call.number('seed');
  return call.programs.compilesFor(x.shape[0] ?? 0) ? dropCompiled(call, x, rate, seed) : dropByFactors(call, x, rate, seed);
}

/** The factors are drawn here: as single operations on integers they would take TensorFlow far longer. */
function dropByFactors(call: NativeCall, x: tf.TensorInfo, rate: number, seed: number): tf.Tensor {
  const factors = new Float32Array(tf.util.sizeFromShape(x.shape));
  const threshold = dropThreshold(rate);
  const scale = 1 / (1 - rate);
  for (let i = 0; i < factors.length; i++) factors[i] = elementHash(i, seed) < threshold ? 0 : scale;
  return call.eager((eager) => eager.op('Mul', [call.handle('x'), eager.floats(x.shape, factors)]));
}

function dropCompiled(call: NativeCall, x: tf.TensorInfo, rate: number, seed: number): tf.Tensor {
  const count = tf.util.sizeFromShape(x.shape);
  const seedTensor = tf.scalar(seed | 0, 'int32');
  const inputs = { x, seed: seedTensor };
  const dropped = call.compute(`dropout ${x.shape.join('x')} ${rate}`, inputs, (graph, values, signedSeed) => {
    const indices = graph.op(
      'Range',
      [0, count, 1].map((value) => graph.scalar(value, 'int32')),
      { Tidx: { type: 'int32' } },
    );
    const hashes = mixBits(graph, xor(graph, mixBits(graph, unsigned(graph, indices)), unsigned(graph, signedSeed)));
    const kept = graph.op('GreaterEqual', [hashes, graph.scalar(dropThreshold(rate), 'uint32')], { T: { type: 'uint32' } });
    const factors = graph.op('Mul', [
      graph.op('Cast', [kept], { SrcT: { type: 'bool' }, DstT: { type: 'float32' } }),
      graph.scalar(1 / (1 - rate)),
    ]);
    const shaped = graph.op('Reshape', [factors, graph.integers(x.shape)], { T: { type: 'float32' }, Tshape: { type: 'int32' } });
    return [graph.op('Mul', [values, shaped])];
  });
  seedTensor.dispose();
  return dropped;
}

/** As `mixBits` in trainer/ops/dropout.ts. */
function mixBits(graph: GraphFunction, value: Value): Value {
  const first = multiply(graph, foldHigh(graph, value, 16), 0x7feb352d);
  const second = multiply(graph, foldHigh(graph, first, 15), 0x846ca68b);
  return foldHigh(graph, second, 16);
}

/** value ^ (value >>> shift) */
function foldHigh(graph: GraphFunction, value: Value, shift: number): Value {
  return xor(graph, value, graph.op('RightShift', [value, graph.scalar(shift, 'uint32')], { T: { type: 'uint32' } }));
}

function multiply(graph: GraphFunction, value: Value, factor: number): Value {
  return graph.op('Mul', [value, graph.scalar(factor, 'uint32')], { T: { type: 'uint32' } });
}

function xor(graph: GraphFunction, a: Value, b: Value): Value {
  return graph.op('BitwiseXor', [a, b], { T: { type: 'uint32' } });
}

function unsigned(graph: GraphFunction, value: Value): Value {
  return graph.op('Cast', [value], { SrcT: { type: 'int32' }, DstT: { type: 'uint32' } });
}
