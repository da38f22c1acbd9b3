/** `temper predict`: labels for texts, from the command line or a file with one text a line. */
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { decodeText } from '../../../dataset/decode-text';
import { RunFailure } from '../../../protocol';
import type { EncodedRow } from '../../batches';
import { predictRows } from '../../evaluate';
import { openCheckpoint } from '../../open-checkpoint';
import { badUsage, type Command } from '../command';

export const predictCommand: Command = {
  name: 'predict',
  synopsis: 'predict <run-dir|checkpoint-dir> (TEXT... | --file FILE)',
  summary: 'Label texts with a checkpoint (of a run: the best one).',
  options: { file: { type: 'string' } },
  async run({ positionals, text }, output) {
    const [target, ...given] = positionals;
    if (target === undefined) throw badUsage('predict takes a run or checkpoint folder and texts.', predictCommand);
    const texts = await readTexts(given, text('file'));
    const { record, labels, model, adapter } = await openCheckpoint(resolve(target));
    const maxLength = Math.min(record.config.training.maxLength, model.classifier.maxLength);
    const encoded = texts.map((line, index): EncodedRow => ({ ids: model.tokenizer.encode(line, maxLength), label: 0, index }));
    const predictions = await predictRows(model.classifier, adapter, encoded, {
      batchSize: record.config.evaluation.batchSize,
    });
    for (const { index, predicted, probabilities } of predictions) {
      const label = labels[predicted] ?? '';
      const scores = Object.fromEntries(labels.map((name, position) => [name, probabilities[position] ?? 0]));
      output.record({ kind: 'prediction', text: texts[index] ?? '', label, scores });
      output.say(`${label.padEnd(20)} ${(probabilities[predicted] ?? 0).toFixed(3)}  ${texts[index] ?? ''}`);
    }
    output.record({ kind: 'result', rows: predictions.length });
    adapter.dispose();
    return 0;
  },
};

async function readTexts(given: readonly string[], file: string | undefined): Promise<readonly string[]> {
  if ((file === undefined) === (given.length === 0)) throw badUsage('predict takes texts, or --file, not both.', predictCommand);
  if (file === undefined) return given;
  const path = resolve(file);
  const bytes = await readFile(path).catch(() => {
    throw badUsage(`There is no file ${path}.`, predictCommand);
  });
  const { text, problems } = decodeText(bytes);
  const wrong = problems.find(({ severity }) => severity === 'error');
  if (wrong !== undefined)
    throw new RunFailure({
      code: 'bad-data',
      message: `${path}, line ${wrong.line}: ${wrong.message}`,
      hint: 'Correct the file.',
      file: path,
      line: wrong.line,
    });
  return text.split(/\r?\n/).filter((line) => line.trim() !== '');
}
