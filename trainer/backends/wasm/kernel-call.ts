/** What a kernel of the wasm backend is given, checked as it is read, and how it spreads its work over the threads. */
import type * as tf from '../../tensors';
import type { WasmBackend } from './wasm-backend';

/** A kernel of our own. It takes ownership of nothing, and what it returns belongs to the engine. */
export type HeapKernel = (call: KernelCall) => tf.TensorInfo | tf.TensorInfo[];

/** Replaces a cpu kernel where it can; undefined leaves the call to that one. */
export type Replacement = (call: KernelCall) => tf.TensorInfo | undefined;

export class KernelCall {
  readonly backend: WasmBackend;
  private readonly inputs: tf.NamedTensorInfoMap;
  private readonly attributes: tf.NamedAttrMap;

  constructor(backend: WasmBackend, inputs: tf.NamedTensorInfoMap, attributes: tf.NamedAttrMap) {
    this.backend = backend;
    this.inputs = inputs;
    this.attributes = attributes;
  }

  input(name: string): tf.TensorInfo {
    const tensor = this.inputs[name];
    if (!tensor) throw new Error(`This kernel needs an input "${name}".`);
    return tensor;
  }

  /** The address of an input's values on the heap. */
  address(name: string): number {
    return this.backend.address(this.input(name));
  }

  /** The address of an input that may be missing, then 0. */
  optionalAddress(name: string): number {
    return this.inputs[name] ? this.address(name) : 0;
  }

  /** The shape of an input that must be a matrix. */
  matrixShape(name: string): [number, number] {
    const { shape } = this.input(name);
    const [rows, columns, ...more] = shape;
    if (rows === undefined || columns === undefined || more.length > 0)
      throw new Error(`"${name}" must be a matrix, not [${shape.join(', ')}].`);
    return [rows, columns];
  }

  number(name: string): number {
    const value = this.attributes[name];
    if (typeof value !== 'number') throw new Error(`This kernel needs a number "${name}".`);
    return value;
  }

  numbers(name: string): readonly number[] {
    const value = this.attributes[name];
    const isNumber = (item: unknown): item is number => typeof item === 'number';
    if (!Array.isArray(value) || !value.every(isNumber)) throw new Error(`This kernel needs a list of numbers "${name}".`);
    return value;
  }

  /** Any attribute of a stock kernel. */
  attribute(name: string): unknown {
    return this.attributes[name];
  }
}

/** A new tensor that `fill` writes at its address; nothing is kept of it when `fill` throws, as a heap that is full makes it. */
export function filledOutput(backend: WasmBackend, shape: readonly number[], fill: (address: number) => void): tf.TensorInfo {
  const out = backend.output(shape);
  try {
    fill(backend.address(out));
    return out;
  } catch (error) {
    backend.disposeData(out.dataId);
    throw error;
  }
}

/** Elements a thread must have for it to be worth waking: about ten microseconds of work. */
const ELEMENTS_GRAIN = 16384;

/** Shares `count` elements among the threads, cut between vectors of four. */
export function overElements(
  backend: WasmBackend,
  kernel: string,
  count: number,
  args: (first: number, count: number) => number[],
): void {
  const split = { total: Math.ceil(count / 4), grain: ELEMENTS_GRAIN / 4 };
  backend.pool.parallel(kernel, split, (from, to) => args(from * 4, Math.min(count, to * 4) - from * 4));
}

/** How many rows of this width a thread must have. */
export function rowsGrain(columns: number): number {
  return Math.max(1, Math.ceil(ELEMENTS_GRAIN / Math.max(1, columns)));
}
