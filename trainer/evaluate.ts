/** Walks through held-out rows batch by batch, without gradients, so that progress shows and a stop is heard in between. */
import { RunFailure } from '../protocol';
import { createEvaluationBatches, packBatch, type EncodedRow, type LabelledBatch } from './batches';
import type { HiddenStates } from './models/model';
import type { EvaluationOptions } from './tasks/task';

/** What `evaluateBatch` gives for each row of a batch, in the order of the rows' `index`. */
export async function forEachBatch<Result extends { readonly index: number }>(
  rows: readonly EncodedRow[],
  { batchSize, frozen, onProgress }: EvaluationOptions,
  evaluateBatch: (batch: LabelledBatch, from: HiddenStates | undefined) => Promise<Result[]>,
): Promise<Result[]> {
  const results: Result[] = [];
  for (const batch of createEvaluationBatches(rows, batchSize)) {
    const packed = packBatch(batch);
    const from = await frozen?.enter(packed);
    results.push(...(await evaluateBatch(packed, from)));
    from?.x.dispose();
    await onProgress?.(results.length);
  }
  return results.sort((a, b) => a.index - b.index);
}

/** Weights so large that the scores overflow: no metric of such a model means anything. */
export function requireFiniteLoss(loss: number): void {
  if (Number.isFinite(loss)) return;
  throw new RunFailure({
    code: 'diverged',
    message: `The model gives scores that are not finite numbers: its loss on held-out rows is ${loss}.`,
    hint: 'Lower "training.learningRate". If it happens before the first step, the weights of the base model are damaged.',
  });
}
