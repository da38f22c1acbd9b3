/**
 * A program: a graph that TensorFlow keeps and runs as one call. Its operations write into each other's memory and wait
 * for nothing in between, which makes a chain of them faster than the same operations one by one.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type * as tf from '../../tensors';
import { encodeSavedModel, SAVED_MODEL_TAG, type Body, type ElementType, type Input } from './graph';
import type { NativeBackend } from './native';

/** Runs on tensors in the order of the program's inputs; the result is the caller's. */
export type Program = (inputs: readonly tf.TensorInfo[]) => tf.Tensor[];

/** Loads the program into TensorFlow, for as long as the process lives. */
export function loadProgram(native: NativeBackend, inputs: readonly Input[], body: Body, compiled: boolean): Program {
  const { bytes, outputs } = encodeSavedModel(inputs, body, compiled);
  const model = loadSavedModel(native, bytes);
  const inputNames = inputs.map(({ name }) => `${name}:0`).join(',');
  const outputNames = Array.from({ length: outputs }, (_, index) => `call:${index}`).join(',');
  return (tensors) => {
    const handles = native.getInputTensorIds(tensors);
    const found = native.binding.runSavedModel(model, handles, inputNames, outputNames);
    return found.map((output) => native.createOutputTensor(output));
  };
}

function loadSavedModel(native: NativeBackend, bytes: Buffer): number {
  const dir = mkdtempSync(join(tmpdir(), 'temper-program-'));
  try {
    writeFileSync(join(dir, 'saved_model.pb'), bytes);
    return native.binding.loadSavedModel(dir, SAVED_MODEL_TAG);
  } finally {
    rmSync(dir, { recursive: true });
  }
}

/** Rows in steps of which a shape is compiled. */
const COMPILED_ROWS = 64;

/** The programs of one backend, each loaded when it is first run. */
export class Programs {
  private readonly native: NativeBackend;
  private readonly canCompile: boolean;
  private readonly loaded = new Map<string, Program>();

  constructor(native: NativeBackend) {
    this.native = native;
    this.canCompile = runsCompiled(native);
  }

  /** Runs the program of that name, which says all that its body depends on. The result is the caller's. */
  run(name: string, inputs: Readonly<Record<string, tf.TensorInfo>>, body: Body, compiled = false): tf.Tensor[] {
    const key = `${name}${compiled ? ' compiled' : ''}`;
    const program = this.loaded.get(key) ?? loadProgram(this.native, Object.entries(inputs).map(inputOf), body, compiled);
    this.loaded.set(key, program);
    return program(Object.values(inputs));
  }

  /**
   * Whether a program is worth compiling for tensors of so many rows. Compiled it runs two to four times as fast, but a
   * shape costs some 60 ms once. The answer depends on the shape alone and never on what came before, so that a run
   * computes the same bits twice, and resumed as uninterrupted.
   */
  compilesFor(rows: number): boolean {
    return this.canCompile && rows > 0 && rows % COMPILED_ROWS === 0;
  }
}

function inputOf([name, { dtype }]: [string, tf.TensorInfo]): Input {
  if (dtype !== 'float32' && dtype !== 'int32') throw new Error(`A program takes float32 and int32, not ${dtype} as "${name}".`);
  return { name, type: dtype satisfies ElementType };
}

/** Not every build of TensorFlow has XLA. */
function runsCompiled(native: NativeBackend): boolean {
  const two = native.binding.createTensor([1], native.binding.TF_FLOAT, Float32Array.of(2));
  const x = { name: 'x', type: 'float32' } as const;
  try {
    const { bytes } = encodeSavedModel([x], (graph, value) => [graph.op('Square', [value])], true);
    const [four] = native.binding.runSavedModel(loadSavedModel(native, bytes), [two], 'x:0', 'call:0');
    if (four) native.binding.deleteTensor(four.id);
    return four !== undefined;
  } catch {
    return false; // TensorFlow names its reason on stderr; the programs run uncompiled
  } finally {
    native.binding.deleteTensor(two);
  }
}
