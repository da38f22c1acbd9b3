/** Runs compute shaders of ours on TensorFlow.js's webgpu backend, which puts bindings, shapes and the entry point around them. */
import * as tf from '../../tensors';
import type { DawnBackend } from './backend';

/** Threads that run together and share `var<workgroup>` memory. */
export const workgroupSize = 64;

export interface Shader {
  /** Compiled shaders are kept under it, so code that differs needs a name that does. */
  readonly name: string;
  /**
   * WGSL with a `fn main(index : i32)`, called once for each thread. Inputs are arrays under their names, `result` is the
   * output, and `uniforms` holds `size` (elements of the output), `<input>Shape` and the numbers below.
   */
  readonly code: string;
  readonly inputs: Readonly<Record<string, tf.TensorInfo>>;
  readonly shape: readonly number[];
  /** u32. */
  readonly integers?: Readonly<Record<string, number>>;
  /** f32. */
  readonly numbers?: Readonly<Record<string, number>>;
  /** One for each element when absent. Rounded up to whole workgroups: `main` checks its index before it writes. */
  readonly threads?: number;
}

/** Queues the shader and returns its output, a new float32 tensor that the caller owns. */
export function runShader(backend: DawnBackend, shader: Shader): tf.TensorInfo {
  const { name, code, inputs, integers = {}, numbers = {} } = shader;
  const shape = [...shader.shape];
  const threads = shader.threads ?? tf.util.sizeFromShape(shape);
  const declare = (type: string) => (uniform: string) => `${uniform} : ${type},`;
  const program: Parameters<DawnBackend['runWebGPUProgram']>[0] = {
    variableNames: Object.keys(inputs),
    uniforms: [...Object.keys(integers).map(declare('u32')), ...Object.keys(numbers).map(declare('f32'))].join(' '),
    outputShape: shape,
    workgroupSize: [workgroupSize, 1, 1],
    dispatchLayout: { x: shape.map((_, axis) => axis) },
    dispatch: [Math.ceil(threads / workgroupSize), 1, 1],
    shaderKey: name,
    size: true,
    getUserCode: () => code,
  };
  return backend.runWebGPUProgram(program, Object.values(inputs), 'float32', [
    ...Object.values(integers).map((value) => ({ type: 'uint32', data: [value] })),
    ...Object.values(numbers).map((value) => ({ type: 'float32', data: [value] })),
  ]);
}

/** What a kernel was called with, checked. */
export class ShaderCall {
  readonly backend: DawnBackend;
  private readonly inputs: tf.NamedTensorInfoMap;
  private readonly attributes: tf.NamedAttrMap;

  constructor({ backend, inputs, attrs = {} }: Parameters<tf.KernelFunc>[0]) {
    this.backend = backend as unknown as DawnBackend; // our kernels are registered for no other
    this.inputs = inputs;
    this.attributes = attrs;
  }

  input(name: string): tf.TensorInfo {
    const found = this.inputs[name];
    if (found === undefined) throw new Error(`A kernel of webgpu was called without its input "${name}".`);
    return found;
  }

  /** Those of the inputs that are there. */
  some(...names: string[]): Record<string, tf.TensorInfo> {
    return Object.fromEntries(names.flatMap((name) => (this.inputs[name] ? [[name, this.input(name)] as const] : [])));
  }

  number(name: string): number {
    const found = this.attributes[name];
    if (typeof found !== 'number') throw new Error(`A kernel of webgpu was called without the number "${name}".`);
    return found;
  }

  attribute(name: string): unknown {
    return this.attributes[name];
  }
}
