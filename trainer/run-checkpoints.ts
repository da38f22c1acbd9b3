/** When a run saves, what it says of it, and which checkpoints it deletes. */
import { isBetter, type MetricValues, type RunState } from '../protocol';
import { removeCheckpoint } from '../runs/checkpoint-folder';
import { saveCheckpoint } from './checkpoint';
import { superfluousCheckpoints } from './retention';
import type { Run, Training } from './run-context';

/** Saves the parameters as they are now, unless that is done already, and deletes what need not stay. */
export async function save(run: Run, { adapter, optimizer, plan }: Training): Promise<void> {
  const { project } = run.request;
  const { state, runDir, model } = run;
  const step = state.lastStep?.step ?? 0;
  if (state.checkpoints.some((checkpoint) => checkpoint.step === step)) return;
  const metrics =
    state.evaluations.findLast((evaluation) => evaluation.step === step && evaluation.subject === 'trained')?.metrics ?? {};
  const progress = {
    epoch: state.lastStep?.epoch ?? 0,
    epochs: plan.epochs,
    totalSteps: plan.totalSteps,
    metrics,
    best: bestSoFar(run, step, metrics),
  };
  const saved = await saveCheckpoint({
    runDir,
    step,
    config: project.config,
    labels: run.data.labels,
    model,
    adapter,
    optimizer,
    progress,
  });
  run.say({ kind: 'saved', step, ...saved, metrics });

  const { evaluation, checkpoints } = project.config;
  for (const old of superfluousCheckpoints(run.state.checkpoints, evaluation.metric, checkpoints)) {
    await removeCheckpoint(runDir, old);
    run.say({ kind: 'removed', step: old });
  }
}

/** With this checkpoint counted in: that it improved is said only after it is saved. */
function bestSoFar({ request, state }: Run, step: number, metrics: MetricValues): RunState['best'] {
  const { metric } = request.project.config.evaluation;
  const value = metrics[metric];
  return value !== undefined && isBetter(metric, value, state.best?.value) ? { step, value } : state.best;
}
