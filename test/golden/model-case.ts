/** One fixture of test/golden/models: a tiny random model, and what the real libraries compute with it. */
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import { packBatch, type EncodedRow, type LabelledBatch } from '../../trainer/batches';
import { NO_LABEL } from '../../trainer/ops/labelled';
import { readSafetensors, type NamedTensors } from '../../trainer/safetensors';

const numbers = z.array(z.number());
const optimizerSchema = z.object({
  learningRate: z.number(),
  weightDecay: z.number(),
  maxGradNorm: z.number(),
  warmupSteps: z.number().int(),
  totalSteps: z.number().int(),
});
const expectedSchema = z.object({
  model_type: z.string(),
  head: z.string(),
  /** Another folder of fixtures that has the weights. */
  weights: z.string().optional(),
  batch: z.object({ ids: z.array(numbers).default([]), labels: z.union([numbers, z.array(numbers)]).nullish() }),
  loss: z.number().optional(),
  losses: numbers.optional(),
  gradNorms: numbers.optional(),
  learningRates: numbers.optional(),
  optimizer: optimizerSchema.optional(),
  parameterCount: z.number().int().optional(),
  withoutGradient: z.array(z.string()).default([]),
  /** Ranges of elements whose true gradient is zero: what an optimizer makes of the rounding there is nobody's result. */
  indeterminate: z.record(z.string(), z.tuple([z.number(), z.number()])).default({}),
});
export type ExpectedModel = z.infer<typeof expectedSchema>;

export interface ModelCase {
  readonly name: string;
  readonly dir: string;
  readonly expected: ExpectedModel;
  readonly tensors: NamedTensors;
}

export function readExpected(dir: string): ExpectedModel {
  return expectedSchema.parse(JSON.parse(readFileSync(join(dir, 'expected.json'), 'utf8')));
}

export async function readModelCase(dir: string): Promise<ModelCase> {
  const expected = readExpected(dir);
  const tensors = await readSafetensors(join(dir, 'expected.safetensors'));
  return { name: dir.slice(dirname(dir).length + 1), dir, expected, tensors };
}

/** Where the weights of a fixture lie, with the fixture's own config.json. */
export function hasOwnWeights(dir: string): boolean {
  return existsSync(join(dir, 'model.safetensors')) || existsSync(join(dir, 'model.safetensors.index.json'));
}

/** The fixture's rows, one behind the other. What a causal model learns at a token is the token after it. */
export function batchOf({ batch, head }: ExpectedModel): LabelledBatch {
  return packBatch(batch.ids.map((ids, index): EncodedRow => ({ ids: Int32Array.from(ids), labels: labelsOf(index), index })));

  function labelsOf(row: number): Int32Array {
    const labels = batch.labels?.[row] ?? [];
    if (typeof labels === 'number') return Int32Array.of(labels);
    return Int32Array.from(head === 'causal-lm' ? [...labels.slice(1), NO_LABEL] : labels);
  }
}
