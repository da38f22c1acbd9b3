/** `temper runs`: the runs of a project, newest first. */
import { resolve } from 'node:path';
import { listRuns } from '../../../runs/read-run';
import type { Command } from '../command';
import { describeMetrics } from '../describe-metrics';
import { summarizeRun } from '../run-summary';

export const runsCommand: Command = {
  name: 'runs',
  synopsis: 'runs [dir]',
  summary: 'List the runs of a project with their state and best checkpoint.',
  options: {},
  async run({ positionals }, output) {
    const runs = await listRuns(resolve(positionals[0] ?? '.'));
    for (const { dir, record, state } of runs) {
      const runId = record?.runId ?? dir;
      const { checkpoints, ...summary } = summarizeRun(runId, dir, state);
      output.record({ kind: 'run', ...summary, createdAtMs: record?.createdAtMs ?? null });
      const best =
        summary.bestStep === null
          ? 'no checkpoint yet'
          : `best step ${summary.bestStep}, validation ${describeMetrics(summary.metrics.validation ?? {})}`;
      output.say(`${runId}  ${summary.state.padEnd(14)}  ${record?.name ?? ''}  ${best}`);
      for (const { step, path, metrics } of checkpoints) {
        const star = step === summary.bestStep ? '★' : ' ';
        output.say(`  ${star} step ${String(step).padStart(6)}  ${describeMetrics(metrics)}  ${path}`);
      }
    }
    if (runs.length === 0) output.say('No runs yet.');
    output.record({ kind: 'result', runs: runs.length });
    return 0;
  },
};
