/**
 * TensorFlow, where the tests may have it: TEMPER_TENSORFLOW_DIR is a folder with node_modules/@tensorflow/tfjs-node that
 * loads. Elsewhere these tests are skipped and say so.
 */
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { chooseBackend } from '../../../trainer/backends/choose';
import * as tf from '../../../trainer/tensors';
import { assertClose, type Block } from '../numbers';
import { differentiate, type TensorFunction } from '../on-backends';

const tensorFlowDir = process.env['TEMPER_TENSORFLOW_DIR'] ?? '';

/** As mocha's `describe`, with what is missing behind the title of what is skipped. */
export function describeWithTensorFlow(title: string, body: () => void): void {
  const missing = whatIsMissing();
  if (missing === '') describe(title, body);
  else describe.skip(`${title} (skipped: ${missing})`, body);
}

function whatIsMissing(): string {
  if (tensorFlowDir === '') return 'TEMPER_TENSORFLOW_DIR names no folder with node_modules/@tensorflow/tfjs-node';
  const found = existsSync(join(tensorFlowDir, 'node_modules', '@tensorflow', 'tfjs-node'));
  return found ? '' : `${tensorFlowDir} has no node_modules/@tensorflow/tfjs-node`;
}

/** Makes it current, as a run would. */
export async function useTensorFlow(): Promise<void> {
  await chooseBackend({ backend: 'tensorflow', threads: 1, projectDir: tensorFlowDir });
}

/** What TensorFlow holds, tensors and handles of which tf.js knows nothing. */
export function countHandles(): number {
  const { binding } = tf.backend() as unknown as { binding: { getNumOfTensors(): number } }; // tfjs-node's own class
  return binding.getNumOfTensors();
}

export interface Comparison {
  readonly inputs: readonly Block[];
  /** Runs on TensorFlow. */
  readonly fused: TensorFunction;
  /** Runs on the cpu backend. */
  readonly composite: TensorFunction;
  readonly tolerance: number;
  readonly what: string;
}

/** Value and all gradients of the fused op against its composite on the cpu backend. */
export async function assertLikeCpu({ inputs, fused, composite, tolerance, what }: Comparison): Promise<void> {
  await tf.setBackend('cpu');
  const expected = differentiate(composite, inputs);
  await useTensorFlow();
  const before = tf.memory().numTensors;
  const actual = differentiate(fused, inputs);
  assert.equal(tf.memory().numTensors, before, `${what}, tensors left`);
  assertClose(actual.value, expected.value, tolerance, `${what}, value`);
  actual.gradients.forEach((gradient, i) => {
    assertClose(gradient, expected.gradients[i] ?? [], tolerance, `${what}, gradient ${i}`);
  });
}
