/** Single operations on raw handles, without a tensor for what lies in between. */
import type { ElementType } from './graph';
import type { Handle, NativeBackend, OperationAttribute, Output } from './native';

export class Eager {
  private readonly native: NativeBackend;
  private readonly owned = new Set<Handle>();

  constructor(native: NativeBackend) {
    this.native = native;
  }

  /** Runs an operation with one output, which is freed at the end unless kept. */
  op(name: string, inputs: readonly Handle[], attributes: readonly OperationAttribute[] = [this.type('T')]): Output {
    const [output] = this.ops(name, inputs, attributes, 1);
    if (!output) throw new Error(`TensorFlow's ${name} returned nothing.`);
    return output;
  }

  ops(name: string, inputs: readonly Handle[], attributes: readonly OperationAttribute[], outputs: number): Output[] {
    const found = this.native.binding.executeOp(name, attributes, inputs, outputs);
    for (const { id } of found) this.owned.add(id);
    return found;
  }

  scalar(value: number): Handle {
    return this.floats([], Float32Array.of(value));
  }

  floats(shape: readonly number[], values: Float32Array): Handle {
    return this.own(this.native.binding.createTensor(shape, this.native.binding.TF_FLOAT, values));
  }

  integers(shape: readonly number[], values: Int32Array): Handle {
    return this.own(this.native.binding.createTensor(shape, this.native.binding.TF_INT32, values));
  }

  /** Leaves the handle to the caller. */
  keep<T extends Handle | Output>(result: T): T {
    this.owned.delete(typeof result === 'number' ? result : result.id);
    return result;
  }

  /** Frees a handle before the end. */
  free(handle: Handle): void {
    if (this.owned.delete(handle)) this.native.binding.deleteTensor(handle);
  }

  /** Frees all that was not kept. */
  end(): void {
    for (const handle of this.owned) this.native.binding.deleteTensor(handle);
    this.owned.clear();
  }

  type(name: string, type: Extract<ElementType, 'float32' | 'int32'> = 'float32'): OperationAttribute {
    const { binding } = this.native;
    const value = type === 'float32' ? binding.TF_FLOAT : binding.TF_INT32;
    return { name, type: binding.TF_ATTR_TYPE, value };
  }

  flag(name: string, value: boolean): OperationAttribute {
    return { name, type: this.native.binding.TF_ATTR_BOOL, value };
  }

  text(name: string, value: string): OperationAttribute {
    return { name, type: this.native.binding.TF_ATTR_STRING, value };
  }

  shape(name: string, value: readonly number[]): OperationAttribute {
    return { name, type: this.native.binding.TF_ATTR_SHAPE, value };
  }

  private own(handle: Handle): Handle {
    this.owned.add(handle);
    return handle;
  }
}

/** Runs operations and frees what they leave; the result must have been kept. */
export function runEager<T>(native: NativeBackend, compute: (eager: Eager) => T): T {
  const eager = new Eager(native);
  try {
    return compute(eager);
  } finally {
    eager.end();
  }
}
