/** What a kernel of the tensorflow backend is given, checked as it is read. */
import type * as tf from '../../tensors';
import { runEager, type Eager } from './eager';
import type { Body } from './graph';
import type { Handle, NativeBackend, Output } from './native';
import type { Programs } from './program';

/** A kernel of our own. It takes ownership of nothing, and what it returns belongs to the engine. */
export type NativeKernel = (call: NativeCall) => tf.Tensor | tf.Tensor[];

export class NativeCall {
  readonly native: NativeBackend;
  readonly programs: Programs;
  private readonly inputs: tf.NamedTensorInfoMap;
  private readonly attributes: tf.NamedAttrMap;

  constructor(native: NativeBackend, programs: Programs, inputs: tf.NamedTensorInfoMap, attributes: tf.NamedAttrMap) {
    this.native = native;
    this.programs = programs;
    this.inputs = inputs;
    this.attributes = attributes;
  }

  input(name: string): tf.TensorInfo {
    const tensor = this.inputs[name];
    if (!tensor) throw new Error(`This kernel needs an input "${name}".`);
    return tensor;
  }

  /** These inputs in this order, without those that are missing. */
  present(...names: string[]): Record<string, tf.TensorInfo> {
    return Object.fromEntries(names.flatMap((name) => (this.inputs[name] ? [[name, this.inputs[name]]] : [])));
  }

  /** An input's handle, which stays the tensor's. */
  handle(name: string): Handle {
    const [handle] = this.native.getInputTensorIds([this.input(name)]);
    if (handle === undefined) throw new Error(`"${name}" is not in TensorFlow.`);
    return handle;
  }

  number(name: string): number {
    const value = this.attributes[name];
    if (typeof value !== 'number') throw new Error(`This kernel needs a number "${name}".`);
    return value;
  }

  attribute(name: string): unknown {
    return this.attributes[name];
  }

  /** One output by a program of that name, compiled where its first input's rows allow; see `Programs`. */
  compute(name: string, inputs: Readonly<Record<string, tf.TensorInfo>>, body: Body): tf.Tensor {
    const rows = Object.values(inputs)[0]?.shape[0] ?? 0;
    const [output] = this.programs.run(name, inputs, body, this.programs.compilesFor(rows));
    if (!output) throw new Error(`The program "${name}" returned nothing.`);
    return output;
  }

  /** One output by single operations. */
  eager(compute: (eager: Eager) => Output): tf.Tensor {
    return this.native.createOutputTensor(runEager(this.native, (eager) => eager.keep(compute(eager))));
  }
}
