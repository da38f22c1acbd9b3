/** `temper eval`: a checkpoint on held-out rows, with every row's prediction kept in its run's evals/. */
import { existsSync } from 'node:fs';
import { relative, resolve } from 'node:path';
import { splits, type EvaluationRecord, type Split } from '../../../protocol';
import { writeEvaluation } from '../../../runs/evaluation-record';
import { loadFile } from '../../../dataset/load-file';
import { loadSplits, type LoadedSplit } from '../../../dataset/load-splits';
import { requireTrainable } from '../../../dataset/trainable-rows';
import { encodeRows } from '../../encode-splits';
import type { OpenModel } from '../../open-adapter';
import { openModel, type OpenCheckpoint } from '../../open-checkpoint';
import type { Evaluation } from '../../tasks/task';
import { badUsage, type Command } from '../command';
import { describeMetrics } from '../describe-metrics';

export const evalCommand: Command = {
  name: 'eval',
  synopsis: 'eval <run-dir|checkpoint-dir|adapter-dir> [--split validation|test|ood|train|FILE] [--model BASE]',
  summary: 'Measure a checkpoint (of a run: the best one) on held-out rows; test rows unless told otherwise.',
  options: { split: { type: 'string' }, model: { type: 'string' } },
  async run({ positionals, text }, output) {
    const [target] = positionals;
    if (target === undefined || positionals.length > 1) throw badUsage('eval takes one run or checkpoint folder.', evalCommand);
    const opened = await openModel(resolve(target), text('model'));
    const split = text('split') ?? 'test';
    const rows = await readRows(opened, split);
    const evaluation = await evaluateRows(opened, rows, (done) => {
      output.progress(`Evaluating ${done} of ${rows.rows.length}`);
      output.record({ kind: 'progress', done, total: rows.rows.length });
    });
    const { metrics, accuracyInterval, perLabel } = evaluation;
    const kept = isCheckpoint(opened) ? await keep(opened, split, rows, evaluation) : {};
    const what = isCheckpoint(opened) ? `step ${opened.step}` : opened.name;
    output.say(`${what} on ${split}, ${evaluation.rows} rows: ${describeMetrics(metrics, accuracyInterval)}`);
    if (kept.file !== undefined) output.say(`Predictions: ${relative(process.cwd(), kept.file)}`);
    output.record({ kind: 'result', split, rows: evaluation.rows, metrics, accuracyInterval, perLabel, ...kept });
    opened.adapter.dispose();
    return 0;
  },
};

/** An adapter from elsewhere has no run whose folder could keep predictions. */
function isCheckpoint(opened: OpenModel | OpenCheckpoint): opened is OpenCheckpoint {
  return 'runDir' in opened;
}

async function keep(
  checkpoint: OpenCheckpoint,
  split: string,
  rows: Pick<LoadedSplit, 'file' | 'rows'>,
  evaluation: Evaluation,
): Promise<{ step?: number; file?: string }> {
  const record = describe(checkpoint, split, rows, evaluation);
  return { step: checkpoint.step, file: await writeEvaluation(checkpoint.runDir, record) };
}

/** A split of the run's config, or a file of rows. */
async function readRows(opened: OpenModel | OpenCheckpoint, split: string): Promise<Pick<LoadedSplit, 'file' | 'rows'>> {
  const { config, labels } = opened;
  if (isSplit(split) && isCheckpoint(opened)) {
    const { record } = opened;
    const config = { ...record.config, data: { ...record.config.data, labels: [...labels] } }; // the run's, whatever train has now
    const project = { dir: record.projectDir, configFile: resolve(record.projectDir, 'temper.json'), config, text: '' };
    const loaded = (await loadSplits(project, 'ignore')).splits[split];
    if (loaded !== undefined) requireTrainable(loaded, config.task.type, record.projectDir);
    if (loaded !== undefined) return loaded;
    throw badUsage(`This run's config names no ${split} rows ("data.${split}").`, evalCommand);
  }
  if (isSplit(split)) throw badUsage('An adapter from elsewhere has no rows of its own: name a file with --split.', evalCommand);
  const file = resolve(split);
  if (!existsSync(file))
    throw badUsage(`--split takes validation, test, ood, train or a file; there is no ${file}.`, evalCommand);
  return loadFile(file, config, labels);
}

function isSplit(name: string): name is Split {
  return splits.some((split) => split === name);
}

async function evaluateRows(
  { task, adapter, config }: OpenModel,
  split: Pick<LoadedSplit, 'file' | 'rows'>,
  onProgress: (done: number) => void,
): Promise<Evaluation> {
  const { batchSize } = config.evaluation;
  return task.evaluate(adapter, await encodeRows(split, task), { batchSize, onProgress });
}

function describe(
  { step }: OpenCheckpoint,
  split: string,
  { file, rows }: Pick<LoadedSplit, 'file' | 'rows'>,
  evaluation: Evaluation,
): EvaluationRecord {
  const atMs = Date.now();
  const id = `step-${step}-${isSplit(split) ? split : 'file'}-${atMs}`;
  const { metrics, accuracyInterval, perLabel, predictions } = evaluation;
  return {
    formatVersion: 1,
    id,
    atMs,
    step,
    split,
    file,
    rows: rows.length,
    metrics,
    accuracyInterval,
    perLabel: [...perLabel],
    predictions: [...predictions],
  };
}
