/** `temper eval`: a checkpoint on held-out rows, with every row's prediction kept in evals/. */
import { readFile } from 'node:fs/promises';
import { relative, resolve } from 'node:path';
import { lintBytes } from '../../../dataset/lint-file';
import { formatMetric, RunFailure, splits, type EvaluationRecord, type Split } from '../../../protocol';
import { writeEvaluation } from '../../../runs/evaluation-record';
import { loadSplits, type LoadedSplit } from '../../../dataset/load-splits';
import { evaluate, type Evaluation } from '../../evaluate';
import { openCheckpoint, type OpenCheckpoint } from '../../open-checkpoint';
import { encodeRow } from '../../tasks/text-classification';
import { badUsage, type Command } from '../command';

export const evalCommand: Command = {
  name: 'eval',
  synopsis: 'eval <run-dir|checkpoint-dir> [--split validation|test|ood|train|FILE]',
  summary: 'Measure a checkpoint (of a run: the best one) on held-out rows; test rows unless told otherwise.',
  options: { split: { type: 'string' } },
  async run({ positionals, text }, output) {
    const [target] = positionals;
    if (target === undefined || positionals.length > 1) throw badUsage('eval takes one run or checkpoint folder.', evalCommand);
    const checkpoint = await openCheckpoint(resolve(target));
    const split = text('split') ?? 'test';
    const rows = await readRows(checkpoint, split);
    const evaluation = await evaluateRows(checkpoint, rows, (done) => {
      output.progress(`Evaluating ${done} of ${rows.rows.length}`);
      output.record({ kind: 'progress', done, total: rows.rows.length });
    });
    const record = describe(checkpoint, split, rows, evaluation);
    const file = await writeEvaluation(checkpoint.runDir, record);
    const { metrics, accuracyInterval, perLabel } = record;
    output.say(
      `step ${checkpoint.step} on ${split}, ${record.rows} rows: accuracy ${formatMetric(metrics.accuracy)} (${formatMetric(accuracyInterval?.low)} to ${formatMetric(accuracyInterval?.high)}), macro F1 ${formatMetric(metrics.macroF1)}, loss ${formatMetric(metrics.loss)}`,
    );
    output.say(`Predictions: ${relative(process.cwd(), file)}`);
    output.record({ kind: 'result', split, rows: record.rows, metrics, accuracyInterval, step: checkpoint.step, perLabel, file });
    checkpoint.adapter.dispose();
    return 0;
  },
};

/** A split of the run's config, or a file of rows. */
async function readRows({ record, labels }: OpenCheckpoint, split: string): Promise<Pick<LoadedSplit, 'file' | 'rows'>> {
  if (isSplit(split)) {
    const config = { ...record.config, data: { ...record.config.data, labels: [...labels] } }; // the run's, whatever train has now
    const project = { dir: record.projectDir, configFile: resolve(record.projectDir, 'temper.json'), config, text: '' };
    const loaded = (await loadSplits(project)).splits[split];
    if (loaded !== undefined) return loaded;
    throw badUsage(`This run's config names no ${split} rows ("data.${split}").`, evalCommand);
  }
  const file = resolve(split);
  const bytes = await readFile(file).catch(() => {
    throw badUsage(`--split takes validation, test, ood, train or a file; there is no ${file}.`, evalCommand);
  });
  const { problems, rows } = lintBytes(file, bytes, { data: record.config.data, labels, role: 'held-out' });
  const wrong = problems.find(({ severity }) => severity === 'error');
  if (wrong !== undefined)
    throw new RunFailure({
      code: 'bad-data',
      message: `${file}, line ${wrong.line}: ${wrong.message}`,
      hint: 'Correct the row; `temper lint` shows all of them.',
      file,
      line: wrong.line,
    });
  return { file, rows };
}

function isSplit(name: string): name is Split {
  return splits.some((split) => split === name);
}

async function evaluateRows(
  { labels, model, adapter, record }: OpenCheckpoint,
  { rows }: Pick<LoadedSplit, 'rows'>,
  onProgress: (done: number) => void,
): Promise<Evaluation> {
  const indexOfLabel = new Map(labels.map((label, index) => [label, index]));
  const maxLength = Math.min(record.config.training.maxLength, model.classifier.maxLength);
  const encoded = rows.map((row, index) => encodeRow(row, index, indexOfLabel, model.tokenizer, maxLength));
  return evaluate(model.classifier, adapter, { encoded }, { labels, batchSize: record.config.evaluation.batchSize, onProgress });
}

function describe(
  { step, labels }: OpenCheckpoint,
  split: string,
  { file, rows }: Pick<LoadedSplit, 'file' | 'rows'>,
  evaluation: Evaluation,
): EvaluationRecord {
  const atMs = Date.now();
  const id = `step-${step}-${isSplit(split) ? split : 'file'}-${atMs}`;
  const predictions = rows.map(({ line, text, label }, index) => {
    const prediction = evaluation.predictions[index];
    const predicted = prediction?.predicted ?? -1;
    return { line, text, label, predicted: labels[predicted] ?? '', score: prediction?.probabilities[predicted] ?? 0 };
  });
  const { metrics, accuracyInterval, perLabel } = evaluation;
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
    predictions,
  };
}
