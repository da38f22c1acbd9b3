/** `temper predict`: a checkpoint's labels for texts, or its answers to prompts, from the command line or a file with one a line. */
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { decodeText } from '../../../dataset/decode-text';
import { RunFailure } from '../../../protocol';
import { completeSampling } from '../../generate/generation-config';
import type { OpenModel } from '../../open-adapter';
import { openModel } from '../../open-checkpoint';
import { answer } from '../../tasks/instruction-tuning';
import { predictRows } from '../../tasks/text-classification';
import { badUsage, type Command, type CommandArguments } from '../command';
import type { Output } from '../output';

/** Prompts that are answered at once. */
const promptsPerBatch = 16;

export const predictCommand: Command = {
  name: 'predict',
  synopsis:
    'predict <run-dir|checkpoint-dir|adapter-dir> (TEXT... | --file FILE) [--model BASE] [--max-new-tokens N] [--temperature T] [--top-p P] [--seed N]',
  summary:
    'Label texts or answer prompts with a checkpoint (of a run: the best one). Answers are the same each time unless sampled.',
  options: {
    file: { type: 'string' },
    model: { type: 'string' },
    'max-new-tokens': { type: 'string' },
    temperature: { type: 'string' },
    'top-p': { type: 'string' },
    seed: { type: 'string' },
  },
  async run(args, output) {
    const [target, ...given] = args.positionals;
    if (target === undefined) throw badUsage('predict takes a run or checkpoint folder and texts.', predictCommand);
    const writing = readWritingOptions(args);
    const texts = await readTexts(given, args.text('file'));
    const opened = await openModel(resolve(target), args.text('model'));
    const isWriter = opened.model.writing !== undefined;
    if (!isWriter && Object.keys(writing).length > 0)
      throw badUsage('This run sorts texts; it writes nothing to set.', predictCommand);
    await (isWriter ? answerAll(opened, texts, writing, output) : labelAll(opened, texts, output));
    output.record({ kind: 'result', rows: texts.length });
    opened.adapter.dispose();
    return 0;
  },
};

async function labelAll(opened: OpenModel, texts: readonly string[], output: Output): Promise<void> {
  const { config, labels, model, task, adapter } = opened;
  const unlabelled = Int32Array.of(0);
  const encoded = texts.map((line, index) => ({ ids: model.tokenizer.encode(line, task.maxLength), labels: unlabelled, index }));
  const { batchSize } = config.evaluation;
  for (const { index, predicted, probabilities } of await predictRows(model, adapter, encoded, { batchSize })) {
    const label = labels[predicted] ?? '';
    const scores = Object.fromEntries(labels.map((name, position) => [name, probabilities[position] ?? 0]));
    output.record({ kind: 'prediction', text: texts[index] ?? '', label, scores });
    output.say(`${label.padEnd(20)} ${(probabilities[predicted] ?? 0).toFixed(3)}  ${texts[index] ?? ''}`);
  }
}

interface WritingOptions {
  readonly maxNewTokens?: number;
  readonly temperature?: number;
  readonly topP?: number;
  readonly seed?: number;
}

async function answerAll(opened: OpenModel, prompts: readonly string[], asked: WritingOptions, output: Output): Promise<void> {
  const { model, adapter, config } = opened;
  const { task } = config;
  const usual = task.type === 'instruction-tuning' ? task.maxNewTokens : 64;
  const { maxNewTokens = usual, seed = 0, ...chance } = asked;
  const options = { maxNewTokens, seed, ...(model.writing && { sampling: completeSampling(chance, model.writing.defaults) }) };
  for (let begin = 0; begin < prompts.length; begin += promptsPerBatch) {
    output.progress(`Answering ${begin + 1} of ${prompts.length}`);
    const batch = prompts.slice(begin, begin + promptsPerBatch);
    const conversations = batch.map((content) => [{ role: 'user', content }]);
    const completions = await answer(model, adapter, conversations, options);
    batch.forEach((prompt, index) => {
      output.record({ kind: 'prediction', prompt, completion: completions[index] ?? '' });
      output.say(`> ${prompt}\n${completions[index] ?? ''}\n`);
    });
  }
}

function readWritingOptions({ text }: CommandArguments): WritingOptions {
  const number = (name: string, isRight: (value: number) => boolean, range: string): number | undefined => {
    const given = text(name);
    if (given === undefined) return undefined;
    const value = Number(given);
    if (given.trim() === '' || !isRight(value)) throw badUsage(`--${name} takes ${range}, not "${given}".`, predictCommand);
    return value;
  };
  const maxNewTokens = number('max-new-tokens', (value) => Number.isInteger(value) && value > 0, 'a whole number from 1');
  const temperature = number('temperature', (value) => value >= 0 && Number.isFinite(value), 'a number from 0');
  const topP = number('top-p', (value) => value > 0 && value <= 1, 'a number above 0 and up to 1');
  const seed = number('seed', (value) => Number.isInteger(value) && value >= 0, 'a whole number from 0');
  return {
    ...(maxNewTokens !== undefined && { maxNewTokens }),
    ...(temperature !== undefined && { temperature }),
    ...(topP !== undefined && { topP }),
    ...(seed !== undefined && { seed }),
  };
}

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
