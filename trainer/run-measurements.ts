/** What a run measures before and after its loop: the commonest label, the untouched base, the best checkpoint. */
import type { Split } from '../protocol';
import type { EncodedSplits } from './encode-splits';
import type { Run, Training } from './run-context';
import type { Measurement } from './tasks/task';

/** What guessing reaches, where guessing makes sense, and the untouched base, with its fresh head if it has one. */
export async function measureBaselines(run: Run, training: Training): Promise<void> {
  const { splits, task, adapter } = training;
  for (const split of heldOutSplits(splits)) {
    const guessed = task.guess?.(splits.train.encoded, splits[split]?.encoded ?? []);
    if (guessed) run.say({ kind: 'evaluated', step: 0, split, subject: 'majority', ...facts(guessed), evaluationMs: 0 });
    await measure(run, training, split, 0, 'base');
  }
  if (!task.sample) return;
  const samples = await task.sample(adapter.base ?? adapter, splits.validation);
  run.say({ kind: 'sampled', step: 0, subject: 'base', samples });
}

/** What an event says of a measurement. */
function facts({ rows, metrics, accuracyInterval }: Measurement): Measurement {
  return { rows, metrics, ...(accuracyInterval && { accuracyInterval }) };
}

export async function measure(
  run: Run,
  { splits, task, adapter, frozen }: Training,
  split: Split,
  step: number,
  subject: 'base' | 'trained',
): Promise<void> {
  const encoded = splits[split];
  if (encoded === undefined) return;
  const { surroundings } = run;
  const startMs = surroundings.nowMs();
  const { batchSize } = run.request.project.config.evaluation;
  const total = encoded.rows.length;
  const onProgress = (done: number) => {
    run.say({ kind: 'progress', activity: `Measuring ${split} rows`, done, total });
    return surroundings.rest();
  };
  const tuning = subject === 'base' ? (adapter.base ?? adapter) : adapter;
  const evaluation = await task.evaluate(tuning, encoded, { batchSize, frozen, onProgress });
  const evaluationMs = surroundings.nowMs() - startMs;
  run.say({ kind: 'evaluated', step, split, subject, ...facts(evaluation), evaluationMs });
}

export function heldOutSplits(splits: EncodedSplits): Split[] {
  return (['validation', 'test', 'ood'] as const).filter((split) => splits[split] !== undefined);
}
