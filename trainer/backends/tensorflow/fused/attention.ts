/**
 * The kernels of trainer/ops/attention.ts. TensorFlow multiplies batches of equal matrices, so rows of different lengths
 * are padded to the longest; padding gets a weight of zero. The backward pass computes the softmax again.
 */
import * as tf from '../../../tensors';
import { createFeeds, isEmpty, kindOf, type AttentionKind, type AttentionShape, type Side } from '../attention-layout';
import type { Attribute, GraphFunction, Value } from '../graph';
import type { NativeCall } from '../kernel-call';

export function attentionKernel(call: NativeCall): tf.Tensor {
  const [context] = run(call, 'attention', ['query', 'key', 'value'], (attention) => [
    attention.join('query', attention.multiply(attention.weights(), attention.split('key', 'value'))),
  ]);
  return context ?? tf.zeros(call.input('query').shape);
}

/** Returns the gradients of query, key and value. */
export function attentionGradKernel(call: NativeCall): tf.Tensor[] {
  const gradients = run(call, 'attentionGrad', ['query', 'key', 'value', 'dy'], (attention) => {
    const weights = attention.weights();
    const dContext = attention.split('query', 'dy', true);
    const dValue = attention.multiply(weights, dContext, 'adj_x');
    const dWeights = attention.multiply(dContext, attention.split('key', 'value'), 'adj_y');
    const dScores = attention.softmaxGrad(weights, dWeights);
    const dQuery = attention.scaled(attention.multiply(dScores, attention.split('key', 'key')));
    const dKey = attention.multiply(dScores, attention.queries(), 'adj_x');
    return [attention.join('query', dQuery), attention.join('key', dKey), attention.join('key', dValue)];
  });
  return gradients.length > 0 ? gradients : ['query', 'key', 'value'].map((name) => tf.zeros(call.input(name).shape));
}

/** No outputs when there is nothing to compute. */
function run(
  call: NativeCall,
  name: string,
  inputs: readonly string[],
  body: (attention: AttentionGraph) => Value[],
): tf.Tensor[] {
  const shape = readShape(call);
  if (isEmpty(shape)) return [];
  const kind = kindOf(shape);
  const feeds = createFeeds(shape, kind);
  const given = { ...call.present(...inputs), ...feeds };
  try {
    return call.programs.run(`${name} ${Object.values(kind).join(' ')}`, given, (graph, ...values) => {
      const named = new Map(Object.keys(given).map((key, index) => [key, values[index]]));
      return body(new AttentionGraph(graph, kind, named));
    });
  } finally {
    tf.dispose(feeds);
  }
}

function readShape(call: NativeCall): AttentionShape {
  const heads = call.number('heads');
  return {
    queryStarts: readStarts(call, 'queryStarts'),
    keyStarts: readStarts(call, 'keyStarts'),
    heads,
    keyHeads: call.number('keyHeads'),
    size: (call.input('query').shape[1] ?? 0) / heads,
    causal: call.attribute('causal') === true,
    firstPlaces: [...readStarts(call, 'firstPlaces')],
    ...(call.attribute('window') === undefined ? {} : { window: call.number('window') }),
  };
}

function readStarts(call: NativeCall, name: string): Int32Array {
  const starts = call.attribute(name);
  if (!Array.isArray(starts)) throw new Error(`This kernel needs a list "${name}".`);
  return Int32Array.from(starts, Number);
}

/** The parts of an attention in a graph. A head's matrix is [rows, keyHeads, group · longest, size]. */
class AttentionGraph {
  private readonly graph: GraphFunction;
  private readonly kind: AttentionKind;
  private readonly named: ReadonlyMap<string, Value | undefined>;

  constructor(graph: GraphFunction, kind: AttentionKind, named: ReadonlyMap<string, Value | undefined>) {
    this.graph = graph;
    this.kind = kind;
    this.named = named;
  }

  /** softmax(q kᵀ / √size) */
  weights(): Value {
    const scores = this.multiply(this.queries(), this.split('key', 'key'), 'adj_y');
    const masked = this.kind.isMasked ? this.overScores('AddV2', scores, 'hidden') : scores;
    const weights = this.graph.op('Softmax', [masked]);
    return this.kind.hasBlindQueries ? this.overScores('Mul', weights, 'visible') : weights;
  }

  queries(): Value {
    return this.scaled(this.split('query', 'query'));
  }

  scaled(x: Value): Value {
    return this.graph.op('Mul', [x, this.graph.scalar(1 / Math.sqrt(this.kind.size))]);
  }

  /** w (dw - Σ w dw), the sum over each row. */
  softmaxGrad(weights: Value, dWeights: Value): Value {
    const sums = this.graph.op('Sum', [this.graph.op('Mul', [weights, dWeights]), this.graph.integers([3])], {
      T: { type: 'float32' },
      Tidx: { type: 'int32' },
      keep_dims: { flag: true },
    });
    return this.graph.op('Mul', [weights, this.graph.op('Sub', [dWeights, sums])]);
  }

  multiply(a: Value, b: Value, adjoint?: 'adj_x' | 'adj_y'): Value {
    const flags = { adj_x: { flag: adjoint === 'adj_x' }, adj_y: { flag: adjoint === 'adj_y' } };
    return this.graph.op('BatchMatMulV2', [a, b], { T: { type: 'float32' }, ...flags });
  }

  /** [tokens, keyHeads · group · size] → a matrix per head; `withZeros` where the padding must not count. */
  split(side: Side, name: string, withZeros = false): Value {
    const padded = this.pads(side) ? this.gather(this.at(name), `${side}Sources`) : this.at(name);
    const clean = withZeros && this.pads(side) ? this.graph.op('Mul', [padded, this.at(`${side}Real`)]) : padded;
    const split = this.reshape(clean, `${side}Split`);
    return this.reshape(this.transpose(split, [0, 2, 3, 1, 4]), `${side}Heads`);
  }

  /** The inverse. */
  join(side: Side, x: Value): Value {
    const joined = this.transpose(this.reshape(x, `${side}Joined`), [0, 3, 1, 2, 4]);
    const flat = this.reshape(joined, `${side}Flat`);
    return this.pads(side) ? this.gather(flat, `${side}Places`) : flat;
  }

  private pads(side: Side): boolean {
    return side === 'query' ? this.kind.padsQueries : this.kind.padsKeys;
  }

  /** Combines scores with a mask that all heads share. */
  private overScores(operation: 'AddV2' | 'Mul', scores: Value, mask: string): Value {
    const split = this.reshape(scores, 'scoresSplit');
    return this.reshape(this.graph.op(operation, [split, this.at(mask)]), 'scoresFlat');
  }

  private reshape(x: Value, shape: string): Value {
    return this.graph.op('Reshape', [x, this.at(shape)], { T: { type: 'float32' }, Tshape: { type: 'int32' } });
  }

  private transpose(x: Value, order: readonly number[]): Value {
    return this.graph.op('Transpose', [x, this.graph.integers(order)], { T: { type: 'float32' }, Tperm: { type: 'int32' } });
  }

  private gather(x: Value, rows: string): Value {
    const types: Record<string, Attribute> = {
      Tparams: { type: 'float32' },
      Tindices: { type: 'int32' },
      Taxis: { type: 'int32' },
    };
    return this.graph.op('GatherV2', [x, this.at(rows), this.graph.scalar(0, 'int32')], types);
  }

  private at(name: string): Value {
    const value = this.named.get(name);
    if (value === undefined) throw new Error(`The program of the attention has no input "${name}".`);
    return value;
  }
}
