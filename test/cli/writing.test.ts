/** A run that learns to write, from the command line: `temper train` with samples, then `temper predict` and `temper eval`. */
import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { tinyChats, topics, writeTinyDecoder } from '../trainer/tiny-decoder';
import { jsonl } from '../trainer/tiny-model';
import { temporaryFolder } from '../trainer/tiny-training';
import { temper } from './tiny-project';

describe('a run of instruction tuning, from the command line', function () {
  this.timeout(120_000);
  const folder = temporaryFolder('writing');
  const project = join(folder.path, 'project');
  let runDir = '';

  before(async () => {
    mkdirSync(project);
    writeTinyDecoder(join(project, 'model'));
    writeFileSync(join(project, 'train.jsonl'), jsonl(tinyChats(48, 1)));
    writeFileSync(join(project, 'validation.jsonl'), jsonl(tinyChats(9, 2)));
    const settings = {
      model: 'model',
      task: { type: 'instruction-tuning', samples: 3, maxNewTokens: 8 },
      data: { train: 'train.jsonl', validation: 'validation.jsonl', test: 'validation.jsonl' },
      method: { type: 'lora', r: 8, targetModules: 'all-linear' },
      training: { epochs: 12, batchSize: 8, learningRate: 0.01, maxLength: 48 },
      evaluation: { metric: 'loss', every: 36 },
      backend: 'wasm',
      threads: 1,
    };
    writeFileSync(join(project, 'temper.json'), JSON.stringify(settings));
    const trained = await temper(['train', project, '--allow-leaks', '--json']); // the same file validates and tests, and the chats are alike
    assert.equal(trained.code, 0, trained.stderr);
    runDir = String(trained.last['runDir']);
    const samples = trained.lines.filter(({ kind }) => kind === 'sampled');
    assert.deepEqual(
      samples.map(({ step }) => step),
      [0, 36, 72],
    );
  });
  after(() => {
    folder.remove();
  });

  it('answers prompts in the order given, the same each time', async () => {
    const prompts = ['where is my parcel', 'when is the refund'];
    const outcome = await temper(['predict', runDir, ...prompts, '--json']);
    assert.equal(outcome.code, 0, outcome.stderr);
    assert.deepEqual(outcome.lines, [
      { kind: 'prediction', prompt: prompts[0], completion: topics.parcel },
      { kind: 'prediction', prompt: prompts[1], completion: topics.refund },
      { kind: 'result', rows: 2 },
    ]);
  });

  it('takes chance and a length where they are asked for, and says what it cannot take', async () => {
    const short = await temper(['predict', runDir, 'where is my parcel', '--max-new-tokens', '2', '--json']);
    assert.equal(short.lines[0]?.['completion'], topics.parcel.split(' ').slice(0, 2).join(' '));
    const chance = ['--temperature', '3', '--json', 'where is my parcel', '--seed'];
    const drawn = await Promise.all(['1', '1', '2'].map((seed) => temper(['predict', runDir, ...chance, seed])));
    const [first, again, other] = drawn.map(({ lines }) => lines[0]?.['completion']);
    assert.equal(first, again);
    assert.notEqual(first, other);
    for (const wrong of [
      ['--temperature', '-1'],
      ['--top-p', '0'],
      ['--max-new-tokens', 'many'],
    ]) {
      const outcome = await temper(['predict', runDir, 'where', ...wrong, '--json']);
      assert.deepEqual([outcome.code, outcome.last['code']], [2, 'bad-usage']);
    }
  });

  it('goes out as an adapter that answers the same, and is measured on rows that are named', async () => {
    const adapter = join(folder.path, 'adapter');
    assert.equal((await temper(['export', runDir, '--to', 'peft', adapter])).code, 0);
    const prompt = 'where is my parcel';
    const answered = await temper(['predict', adapter, prompt, '--json']);
    assert.deepEqual(answered.lines[0], { kind: 'prediction', prompt, completion: topics.parcel }, answered.stderr);
    const measured = await temper(['eval', adapter, '--split', join(project, 'validation.jsonl'), '--json']);
    assert.equal(measured.last['rows'], 9, measured.stderr);
    const unnamed = await temper(['eval', adapter, '--json']);
    assert.deepEqual([unnamed.code, unnamed.last['code']], [2, 'bad-usage']);
    assert.match(String(unnamed.last['message']), /name a file with --split/);
  });

  it('is evaluated by loss, perplexity and the share of right tokens, row by row', async () => {
    const outcome = await temper(['eval', runDir, '--split', 'test', '--json']);
    assert.equal(outcome.code, 0, outcome.stderr);
    const { loss, perplexity, accuracy } = outcome.last['metrics'] as Record<string, number>;
    assert.ok(loss !== undefined && Math.abs(Math.exp(loss) - (perplexity ?? 0)) < 1e-9 && (accuracy ?? 0) > 0.9);
    const words = await temper(['eval', runDir, '--split', 'test']);
    assert.match(words.stderr, /accuracy .*, perplexity .*, loss /);
  });
});
