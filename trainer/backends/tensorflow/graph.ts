/**
 * Writes TensorFlow graphs: a function out of TensorFlow's own operations, and the saved model that holds it, which is
 * the one form in which tfjs-node takes a graph. Field numbers are those of tensorflow/core/framework/*.proto.
 */
import { encodeBytes, encodeEntry, encodeFloat, encodeInteger, encodeMessage } from './protobuf';

/** By the numbers of types.proto. */
export const TYPES = { float32: 1, int32: 3, bool: 10, uint32: 22 } as const;
export type ElementType = keyof typeof TYPES;

/** The name TensorFlow gives the first output of each operation that we use. */
const OUTPUT_NAMES = {
  AddV2: 'z',
  BatchMatMulV2: 'output',
  BiasAdd: 'output',
  BitwiseXor: 'z',
  Cast: 'y',
  Const: 'output',
  Erf: 'y',
  Exp: 'y',
  GatherV2: 'output',
  GreaterEqual: 'z',
  MatMul: 'product',
  Mean: 'output',
  Mul: 'z',
  Range: 'output',
  Relu: 'activations',
  ReluGrad: 'backprops',
  Reshape: 'output',
  RightShift: 'z',
  Rsqrt: 'y',
  Sigmoid: 'y',
  SigmoidGrad: 'z',
  Softmax: 'softmax',
  Square: 'y',
  Sub: 'z',
  Sum: 'output',
  Tanh: 'y',
  TanhGrad: 'z',
  Transpose: 'y',
} as const;
export type Operation = keyof typeof OUTPUT_NAMES;

/** An attribute of an operation, as AttrValue has it. */
export type Attribute = { type: ElementType } | { flag: boolean } | { text: string };

/** A value within a function. */
export type Value = string & { readonly kind: 'value in a graph' };

/** What a function computes: given its inputs, the values it returns, all of float32. */
export type Body = (graph: GraphFunction, ...inputs: Value[]) => Value[];

export interface Input {
  readonly name: string;
  readonly type: ElementType;
}

/** Where TensorProto keeps values of each type. */
const SCALAR_FIELDS = { int32: 7, uint32: 16 } as const;

const FUNCTION = 'temper';
/** As of TensorFlow 2.9, which is what tfjs-node 4.22 downloads. */
const PRODUCER_VERSION = 1087;

export class GraphFunction {
  private readonly nodes: Buffer[] = [];

  /** One operation with one output. Without attributes it works on float32. */
  op(operation: Operation, inputs: readonly Value[], attributes: Record<string, Attribute> = { T: { type: 'float32' } }): Value {
    const encoded = Object.entries(attributes).map(([name, value]) => encodeEntry(5, name, encodeAttribute(value)));
    return this.add(operation, inputs, encoded);
  }

  /** A constant scalar. */
  scalar(value: number, type: keyof typeof SCALAR_FIELDS | 'float32' = 'float32'): Value {
    return this.constant(type, [], type === 'float32' ? encodeFloat(5, value) : encodeInteger(SCALAR_FIELDS[type], value));
  }

  /** A constant list of int32. */
  integers(values: readonly number[]): Value {
    const content = Buffer.concat(values.map((value) => encodeInteger(7, value)));
    return this.constant('int32', [values.length], content);
  }

  /** The FunctionDef. */
  encode(inputs: readonly Input[], outputs: readonly Value[], compiled: boolean): Buffer {
    const named = outputs.map((value, index) => [`out${index}`, value] as const);
    const signature = encodeMessage(
      1,
      encodeBytes(1, FUNCTION),
      ...inputs.map(({ name, type }) => encodeMessage(2, encodeBytes(1, name), encodeInteger(3, TYPES[type]))),
      ...named.map(([name]) => encodeMessage(3, encodeBytes(1, name), encodeInteger(3, TYPES.float32))),
    );
    const results = named.map(([name, value]) => encodeMessage(4, encodeBytes(1, name), encodeBytes(2, value)));
    return Buffer.concat([signature, ...this.nodes, ...results, ...compileAttribute(compiled)]);
  }

  private constant(type: ElementType, shape: readonly number[], content: Buffer): Value {
    const dimensions = shape.map((size) => encodeMessage(2, encodeInteger(1, size)));
    const tensor = encodeMessage(8, encodeInteger(1, TYPES[type]), encodeMessage(2, ...dimensions), content);
    return this.add('Const', [], [encodeEntry(5, 'dtype', encodeAttribute({ type })), encodeEntry(5, 'value', tensor)]);
  }

  private add(operation: Operation, inputs: readonly Value[], attributes: readonly Buffer[]): Value {
    const name = `n${this.nodes.length}`;
    this.nodes.push(encodeMessage(3, encodeNode(name, operation, inputs), ...attributes));
    return `${name}:${OUTPUT_NAMES[operation]}:0` as Value; // a value is known by its node and output
  }
}

/**
 * A SavedModel of one function. Inputs are fed under their names, in any shape; outputs are fetched as `call:0` onwards.
 * `compiled` asks for XLA, which makes one loop of the function and compiles it anew for each shape.
 */
export function encodeSavedModel(inputs: readonly Input[], body: Body, compiled: boolean): { bytes: Buffer; outputs: number } {
  const graph = new GraphFunction();
  const outputs = body(graph, ...inputs.map(({ name }) => name as Value)); // an argument of a function is known by its name
  const definition = graph.encode(inputs, outputs, compiled);
  const nodes = [...inputs.map(encodePlaceholder), encodeCall(inputs, outputs.length, compiled)];
  const graphDef = encodeMessage(
    2,
    ...nodes.map((node) => encodeMessage(1, node)),
    encodeMessage(2, encodeMessage(1, definition)),
    encodeMessage(4, encodeInteger(1, PRODUCER_VERSION)),
  );
  const info = encodeMessage(1, encodeBytes(4, SAVED_MODEL_TAG));
  return { bytes: Buffer.concat([encodeInteger(1, 1), encodeMessage(2, info, graphDef)]), outputs: outputs.length };
}

export const SAVED_MODEL_TAG = 'serve';

function encodePlaceholder({ name, type }: Input): Buffer {
  const unknownRank = encodeMessage(7, encodeInteger(3, 1));
  return Buffer.concat([
    encodeNode(name, 'Placeholder', []),
    encodeEntry(5, 'dtype', encodeAttribute({ type })),
    encodeEntry(5, 'shape', unknownRank),
  ]);
}

function encodeCall(inputs: readonly Input[], outputs: number, compiled: boolean): Buffer {
  const types = (list: readonly ElementType[]) => encodeMessage(1, ...list.map((type) => encodeInteger(6, TYPES[type])));
  const names = inputs.map(({ name }) => name);
  return Buffer.concat([
    encodeNode('call', 'StatefulPartitionedCall', names),
    encodeEntry(5, 'Tin', types(inputs.map(({ type }) => type))),
    encodeEntry(5, 'Tout', types(Array.from({ length: outputs }, () => 'float32'))),
    encodeEntry(5, 'f', encodeMessage(10, encodeBytes(1, FUNCTION))),
    ...['config', 'config_proto', 'executor_type'].map((name) => encodeEntry(5, name, encodeAttribute({ text: '' }))),
    ...compileAttribute(compiled),
  ]);
}

function compileAttribute(compiled: boolean): Buffer[] {
  return compiled ? [encodeEntry(5, '_XlaMustCompile', encodeAttribute({ flag: true }))] : [];
}

function encodeNode(name: string, operation: string, inputs: readonly string[]): Buffer {
  return Buffer.concat([encodeBytes(1, name), encodeBytes(2, operation), ...inputs.map((input) => encodeBytes(3, input))]);
}

function encodeAttribute(value: Attribute): Buffer {
  if ('type' in value) return encodeInteger(6, TYPES[value.type]);
  if ('flag' in value) return encodeInteger(5, value.flag ? 1 : 0);
  return encodeBytes(2, value.text);
}
