/** What a run measures before and after its loop: the commonest label, the untouched base, the best checkpoint. */
import type { Split } from '../protocol';
import type { EncodedSplits } from './encode-splits';
import { evaluate } from './evaluate';
import type { Run, Training } from './run-context';
import { measureMajority } from './tasks/classification-metrics';

/** What guessing the commonest label reaches, and the untouched base with its fresh head. */
export async function measureBaselines(run: Run, training: Training): Promise<void> {
  const trainLabels = training.splits.train.encoded.map(({ label }) => label);
  for (const split of heldOutSplits(training.splits)) {
    const heldOut = training.splits[split]?.encoded.map(({ label }) => label) ?? [];
    const { rows, metrics, accuracyInterval } = measureMajority(trainLabels, heldOut, run.data.labels);
    run.say({ kind: 'evaluated', step: 0, split, subject: 'majority', rows, metrics, accuracyInterval, evaluationMs: 0 });
    await measure(run, training, split, 0, 'base');
  }
}

export async function measure(
  run: Run,
  { splits, adapter, frozen }: Training,
  split: Split,
  step: number,
  subject: 'base' | 'trained',
): Promise<void> {
  const encoded = splits[split];
  if (encoded === undefined) return;
  const { surroundings } = run;
  const startMs = surroundings.nowMs();
  const { batchSize } = run.request.project.config.evaluation;
  const { labels } = run.data;
  const total = encoded.rows.length;
  const onProgress = (done: number) => {
    run.say({ kind: 'progress', activity: `Measuring ${split} rows`, done, total });
    return surroundings.rest();
  };
  const { rows, metrics, accuracyInterval } = await evaluate(run.model.classifier, adapter, encoded, {
    labels,
    batchSize,
    frozen,
    onProgress,
  });
  run.say({
    kind: 'evaluated',
    step,
    split,
    subject,
    rows,
    metrics,
    accuracyInterval,
    evaluationMs: surroundings.nowMs() - startMs,
  });
}

export function heldOutSplits(splits: EncodedSplits): Split[] {
  return (['validation', 'test', 'ood'] as const).filter((split) => splits[split] !== undefined);
}
