/**
 * TensorFlow.js's cpu backend, except that a tensor's values may lie on one shared WebAssembly heap. They move there
 * when a kernel first asks for their address and stay until the tensor is disposed. Operations without a kernel of ours
 * run the cpu kernels on the very same values.
 */
import * as tf from '../../tensors';
import { Heap, HeapExhausted } from './heap';
import type { HeapStats } from './heap';
import type { KernelBuild } from './kernel-functions';
import { readKernelModule } from './kernel-functions';
import { PackedMatrices } from './packed-matrices';
import { addRowsById } from './rows-by-id';
import { ThreadPool } from './thread-pool';

export interface WasmBackendOptions {
  threads: number;
  build: KernelBuild;
  /** Most bytes of the heap; the default is all that 32-bit addresses reach. */
  limitBytes?: number;
}

/** A matrix by the rows that are not zero; both tensors belong to it. */
export interface SparseRows {
  /** int32 [count], rising. */
  rows: tf.TensorInfo;
  /** float32 [count, width] */
  values: tf.TensorInfo;
}

type HeapType = 'float32' | 'int32';
type HeapValues = Float32Array<SharedArrayBuffer> | Int32Array<SharedArrayBuffer>;

export class WasmBackend extends tf.MathBackendCPU {
  readonly heap: Heap;
  readonly pool: ThreadPool;
  readonly build: KernelBuild;
  readonly packed: PackedMatrices;
  /** Rows and columns of C that the innermost product computes at a time. */
  readonly tile: { readonly rows: number; readonly columns: number };
  /** Scratch of `gemm`, one block per thread. */
  private readonly workspaces: number[];
  /** Tensors that nobody has looked at but kernels that know sparse rows. */
  private readonly sparse = new Map<object, SparseRows>();

  constructor({ threads, build, limitBytes }: WasmBackendOptions) {
    super();
    this.build = build;
    this.heap = new Heap(limitBytes);
    this.packed = new PackedMatrices(this.heap);
    this.pool = new ThreadPool(threads, readKernelModule(build), this.heap.memory);
    this.tile = { rows: this.pool.call('tileRows'), columns: this.pool.call('tileColumns') };
    const bytes = this.pool.call('gemmScratchBytes');
    this.workspaces = Array.from({ length: threads }, () => this.heap.allocate(bytes));
  }

  /** Bytes of the heap that tensors take, and the most they took. */
  stats(): HeapStats {
    return this.heap.stats();
  }

  workspace(thread: number): number {
    const address = this.workspaces[thread];
    if (address === undefined) throw new Error(`There is no thread ${thread}.`);
    return address;
  }

  /** The address of a tensor's values, moved to the heap if they are not there yet. float32 and int32 only. */
  address(tensor: tf.TensorInfo): number {
    const data = this.data.get(tensor.dataId);
    const { values } = data;
    if (!isOfType(values, tensor.dtype)) {
      throw new Error(
        `A ${tensor.dtype} tensor of shape [${tensor.shape.join(', ')}] has no values of that type to lie on the heap.`,
      );
    }
    if (isOnHeap(values)) return values.byteOffset;
    const view = this.allocateView(values.length, values instanceof Int32Array ? 'int32' : 'float32');
    view.set(values);
    data.values = view;
    return view.byteOffset;
  }

  /** A new tensor on the heap with arbitrary content. Throws HeapExhausted. */
  output(shape: readonly number[], dtype: HeapType = 'float32'): tf.TensorInfo {
    const view = this.allocateView(tf.util.sizeFromShape([...shape]), dtype);
    return { dataId: super.write(view, [...shape], dtype), shape: [...shape], dtype };
  }

  /** A new matrix of which only some rows are not zero. It becomes an ordinary one as soon as its values are asked for. */
  sparseOutput(shape: readonly number[], sparse: SparseRows): tf.TensorInfo {
    const dataId = super.write(new Float32Array(), [...shape], 'float32');
    this.sparse.set(dataId, sparse);
    const data = this.data.get(dataId);
    const fill = () => this.fillSparse(dataId, shape);
    Object.defineProperty(data, 'values', { get: fill, configurable: true, enumerable: true });
    return { dataId, shape: [...shape], dtype: 'float32' };
  }

  /** The rows of a matrix that is sparse still. */
  sparseRowsOf({ dataId }: tf.TensorInfo): SparseRows | undefined {
    return this.sparse.get(dataId);
  }

  /** Several outputs, or none of them when one does not fit. */
  outputs(shapes: readonly (readonly number[])[]): tf.TensorInfo[] {
    const made: tf.TensorInfo[] = [];
    try {
      for (const shape of shapes) made.push(this.output(shape));
      return made;
    } catch (error) {
      for (const tensor of made) this.disposeData(tensor.dataId);
      throw error;
    }
  }

  /** The values themselves: a view of the heap or a plain array, valid until the tensor is disposed. */
  valuesOf(tensor: tf.TensorInfo): Float32Array | Int32Array | Uint8Array {
    const { values } = this.data.get(tensor.dataId);
    if (values instanceof Float32Array || values instanceof Int32Array || values instanceof Uint8Array) return values;
    throw new Error(`A ${tensor.dtype} tensor has no plain numbers.`);
  }

  /** Lends `bytes` of the heap to `use`. */
  withScratch<T>(bytes: number, use: (address: number) => T): T {
    const address = this.allocate(bytes);
    try {
      return use(address);
    } finally {
      this.heap.free(address);
    }
  }

  // The cpu kernels hand out parts of their input's array as values of new tensors (a contiguous slice does), and a
  // part of the heap would outlive the block it lies in. What arrives from the heap is therefore copied.
  override write(values: tf.backend_util.BackendValues, shape: number[], dtype: tf.DataType): object {
    return super.write(ownValues(values), shape, dtype);
  }

  /** A copy where the values lie on the heap, since the caller may keep it longer than the tensor. */
  override readSync(dataId: object): tf.backend_util.BackendValues {
    return ownValues(super.readSync(dataId));
  }

  override disposeData(dataId: object, force = false): boolean {
    if (this.sparse.has(dataId)) return this.disposeSparse(dataId, force);
    const values = this.data.has(dataId) ? this.data.get(dataId).values : undefined;
    const gone = super.disposeData(dataId, force);
    if (!gone) return false;
    this.packed.forget(dataId);
    if (isOnHeap(values)) this.heap.free(values.byteOffset);
    return true;
  }

  /** Ends the threads. The memory goes with the last view of it. */
  override dispose(): void {
    this.pool.close();
  }

  private disposeSparse(dataId: object, force: boolean): boolean {
    const gone = super.disposeData(dataId, force);
    if (gone) this.takeSparse(dataId);
    return gone;
  }

  /** Makes an ordinary matrix of a sparse one and returns its values. */
  private fillSparse(dataId: object, shape: readonly number[]): tf.backend_util.BackendValues {
    const sparse = this.sparse.get(dataId);
    if (sparse === undefined) throw new Error('This matrix is not sparse any more.');
    const filled = addRowsById(this, sparse.values, sparse.rows, [...shape]);
    const values = this.valuesOf(filled);
    this.data.delete(filled.dataId); // its values go on in the tensor that was sparse
    this.takeSparse(dataId);
    Object.defineProperty(this.data.get(dataId), 'values', {
      value: values,
      writable: true,
      configurable: true,
      enumerable: true,
    });
    return values;
  }

  private takeSparse(dataId: object): void {
    const sparse = this.sparse.get(dataId);
    this.sparse.delete(dataId);
    if (sparse) for (const { dataId: part } of [sparse.rows, sparse.values]) this.disposeData(part);
  }

  /** What is only kept for speed makes room for what is needed. */
  private allocate(bytes: number): number {
    try {
      return this.heap.allocate(bytes);
    } catch (error) {
      if (!(error instanceof HeapExhausted) || !this.packed.clear()) throw error;
      return this.heap.allocate(bytes);
    }
  }

  private allocateView(length: number, dtype: HeapType): HeapValues {
    const address = this.allocate(length * 4);
    const { buffer } = this.heap.memory;
    return dtype === 'int32' ? new Int32Array(buffer, address, length) : new Float32Array(buffer, address, length);
  }
}

/** Whether the values are those of the type: a tensor that a cpu kernel has relabelled holds integers as float32. */
function isOfType(values: tf.backend_util.BackendValues | undefined, dtype: tf.DataType): values is Float32Array | Int32Array {
  return (dtype === 'float32' && values instanceof Float32Array) || (dtype === 'int32' && values instanceof Int32Array);
}

function isOnHeap(values: tf.backend_util.BackendValues | undefined): values is HeapValues {
  return (values instanceof Float32Array || values instanceof Int32Array) && values.buffer instanceof SharedArrayBuffer;
}

function ownValues(values: tf.backend_util.BackendValues): tf.backend_util.BackendValues {
  return isOnHeap(values) ? values.slice() : values;
}
