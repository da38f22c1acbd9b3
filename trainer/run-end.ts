/** How a run ends, in words. */
import { reduceRun, type EndState, type RunError, type UnnumberedEvent } from '../protocol';
import { runPaths } from '../runs/paths';
import type { LoopEnd } from './loop';
import type { Plan } from './plan';
import type { Run } from './run-context';

export function describeEnd(end: LoopEnd, { totalSteps }: Plan): string {
  if (end.kind === 'completed') return totalSteps === 1 ? 'The only step is done.' : `All ${totalSteps} steps are done.`;
  if (end.kind === 'early-stopped')
    return `No progress on the validation rows any more; ended after ${end.step} of ${totalSteps} steps.`;
  return `Stopped on request after ${end.step} of ${totalSteps} steps.`;
}

export function divergedError({ step, loss, gradNorm }: LoopEnd & { kind: 'diverged' }, learningRate: number): RunError {
  const found = Number.isFinite(loss) ? `norm of the gradients became ${gradNorm}` : `loss became ${loss}`;
  return {
    code: 'diverged',
    message: `The ${found} at step ${step}; the update was not applied.`,
    hint: `Lower "training.learningRate" (it is ${learningRate}), for instance to ${learningRate / 3}. The last checkpoint is as good as it was.`,
  };
}

/** A run that cannot go on still says so, unless even the log cannot be written any more. */
export function endFailed(run: Run, error: RunError): void {
  const state: EndState = error.code === 'diverged' || error.code === 'out-of-memory' ? error.code : 'failed';
  const ended: UnnumberedEvent & { kind: 'ended' } = {
    kind: 'ended',
    state,
    ...(run.state.best && { bestStep: run.state.best.step }),
    reason: error.message,
    error,
  };
  try {
    run.say(ended);
  } catch {
    run.state = reduceRun(run.state, { ...ended, seq: run.state.lastSeq + 1, atMs: 0 }); // a full disk: the caller still hears of it
    process.stderr.write(`${error.message} The event log in ${runPaths(run.runDir).events} could not be written.\n`);
  }
}
