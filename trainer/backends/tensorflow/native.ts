/** The parts of tfjs-node's backend that our kernels stand on. Its own types keep most of them private, so they are checked. */
import type * as tf from '../../tensors';

/** A tensor of the binding. */
export type Handle = number;

/** What an operation returns: numbers of TensorFlow's own types. */
export interface Output {
  readonly id: Handle;
  readonly shape: number[];
  readonly dtype: number;
}

export interface OperationAttribute {
  readonly name: string;
  readonly type: number;
  readonly value: boolean | number | string | readonly number[];
}

interface Binding {
  executeOp(name: string, attributes: readonly OperationAttribute[], inputs: readonly Handle[], outputs: number): Output[];
  createTensor(shape: readonly number[], type: number, values: Float32Array | Int32Array): Handle;
  deleteTensor(handle: Handle): void;
  loadSavedModel(dir: string, tags: string): number;
  runSavedModel(model: number, inputs: readonly Handle[], inputNames: string, outputNames: string): Output[];
  readonly TF_FLOAT: number;
  readonly TF_INT32: number;
  readonly TF_ATTR_BOOL: number;
  readonly TF_ATTR_SHAPE: number;
  readonly TF_ATTR_STRING: number;
  readonly TF_ATTR_TYPE: number;
}

/** What tfjs-node keeps for a `dataId`. */
export interface StoredTensor {
  id: Handle;
  /** Values not uploaded yet. */
  values: unknown;
}

export interface NativeBackend {
  readonly binding: Binding;
  readonly tensorMap: { get(dataId: tf.DataId): StoredTensor };
  /** Uploads what is not yet in TensorFlow. The handles stay the tensors'. */
  getInputTensorIds(tensors: readonly tf.TensorInfo[]): Handle[];
  /** The tensor takes over the handle. */
  createOutputTensor(output: Output): tf.Tensor;
}

/** @throws Error naming what another version of tfjs-node lacks */
export function requireNativeBackend(backend: object): NativeBackend {
  const missing = missingMembers(backend, ['getInputTensorIds', 'createOutputTensor']);
  const { binding, tensorMap } = backend as Partial<Record<'binding' | 'tensorMap', object>>; // checked in the next lines
  const lacking = [
    ...missing,
    ...missingMembers(binding, ['executeOp', 'createTensor', 'deleteTensor', 'loadSavedModel', 'runSavedModel']),
    ...missingMembers(tensorMap, ['get']),
  ];
  if (lacking.length > 0) throw new Error(`this tfjs-node has no ${lacking.join(', ')} for Temper's kernels; 4.22 has`);
  return backend as NativeBackend; // its members were just found
}

function missingMembers(owner: object | undefined, names: readonly string[]): string[] {
  return names.filter((name) => typeof (owner as Record<string, unknown> | undefined)?.[name] !== 'function');
}
