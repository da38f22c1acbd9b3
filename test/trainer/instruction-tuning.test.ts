/** Instruction tuning: what is learnt of a conversation, how it is measured, and that a run teaches it. */
import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { readProject } from '../../dataset/project';
import type { ChatRow } from '../../dataset/shapes/rows';
import { createRandom } from '../../dataset/seeded-random';
import { RunFailure, type RunEvent } from '../../protocol';
import { packBatch } from '../../trainer/batches';
import type { Adapter } from '../../trainer/methods/method';
import { attachMethod } from '../../trainer/methods/registry';
import { loadModel, type LoadedModel } from '../../trainer/model-folder';
import { openCheckpoint } from '../../trainer/open-checkpoint';
import { NO_LABEL } from '../../trainer/ops/labelled';
import { runTraining } from '../../trainer/run';
import { answer, createInstructionTuning } from '../../trainer/tasks/instruction-tuning';
import { computeLoss } from '../../trainer/tasks/loss';
import type { EncodedSplit, Task } from '../../trainer/tasks/task';
import * as tf from '../../trainer/tensors';
import { tinyChats, tinyDecoderVocabulary, topics, writeTinyDecoder } from './tiny-decoder';
import { jsonl } from './tiny-model';
import { quietSurroundings, startBackend, temporaryFolder } from './tiny-training';

const folder = temporaryFolder('instruction-tuning');
after(() => {
  folder.remove();
});
const config = { type: 'instruction-tuning', samples: 2, maxNewTokens: 8 } as const;
const wordsOf = (ids: ArrayLike<number>) =>
  Array.from(ids, (id) => (id === NO_LABEL ? '-' : (tinyDecoderVocabulary[id] ?? '?'))).join(' ');

describe('instruction tuning', () => {
  let model: LoadedModel;
  let adapter: Adapter;
  let task: Task;
  before(async () => {
    await startBackend('wasm');
    writeTinyDecoder(join(folder.path, 'decoder'));
    const request = { head: 'causal-lm', labels: 0, initialWeights: 'pretrained', seed: 0 } as const;
    model = await loadModel({ model: 'decoder', projectDir: folder.path, ...request });
    const { architecture, tensors, dir } = model;
    adapter = attachMethod({ type: 'full' }, { architecture, tensors, modelDir: dir, random: createRandom(0) });
    task = createInstructionTuning(model, config, 32);
  });
  after(() => {
    adapter.dispose();
  });

  const turn = (role: string, content: string) => ({ role, content });

  it('learns the assistant’s words and the mark that ends its turn, each at the token before it', () => {
    const messages = [
      turn('user', 'where is my parcel'),
      turn('assistant', 'it comes'),
      turn('user', 'when'),
      turn('assistant', 'tomorrow'),
    ];
    const { ids, labels } = task.encode({ kind: 'chat', messages, line: 1 }, 0);
    assert.equal(
      wordsOf(ids),
      '<|im_start|> user where is my parcel <|im_end|> <|im_start|> assistant it comes <|im_end|> <|im_start|> user when <|im_end|> <|im_start|> assistant tomorrow <|im_end|>',
    );
    assert.equal(wordsOf(labels), '- - - - - - - - it comes <|im_end|> - - - - - - tomorrow <|im_end|> -');
  });

  it('cuts what is too long, and refuses a conversation of which no answer is left', () => {
    const long: ChatRow = {
      kind: 'chat',
      messages: [turn('user', 'where '.repeat(20).trim()), turn('assistant', 'yes no yes no')],
      line: 7,
    };
    const short = createInstructionTuning(model, config, 26);
    assert.equal(wordsOf(short.encode(long, 0).labels).replace(/^[- ]+/, ''), 'yes -');
    assert.throws(
      () => createInstructionTuning(model, config, 24).encode(long, 0),
      (thrown) =>
        thrown instanceof RunFailure && thrown.error.code === 'bad-data' && thrown.message.includes('line 7 has 30 tokens'),
    );
  });

  it('measures the loss that training minimises, over all learnt tokens of all rows', async () => {
    const split = encodeAll(tinyChats(20));
    const evaluation = await task.evaluate(adapter, split, { batchSize: 3 });
    const loss = tf.tidy(() => computeLoss(model, adapter, packBatch(split.encoded), { labelSmoothing: 0 }).dataSync()[0] ?? NaN);
    const { metrics, rows, predictions } = evaluation;
    assert.equal(rows, 20);
    assert.ok(Math.abs((metrics.loss ?? NaN) - loss) < 1e-5, `${metrics.loss} against ${loss}`);
    assert.ok(Math.abs((metrics.perplexity ?? NaN) - Math.exp(loss)) < 1e-3);
    const tokens = predictions.map((row) => ('tokens' in row ? row : assert.fail()));
    const mean = tokens.reduce((sum, row) => sum + row.loss * row.tokens, 0) / tokens.reduce((sum, row) => sum + row.tokens, 0);
    assert.ok(Math.abs(mean - loss) < 1e-5);
    assert.deepEqual([tokens[3]?.prompt, tokens[3]?.completion], [split.rows[3] && questionOf(split.rows[3]), topics.parcel]);
  });

  it('leaves no tensor behind, measuring or answering', async () => {
    const split = encodeAll(tinyChats(4));
    const before = tf.memory().numTensors;
    await task.evaluate(adapter, split, { batchSize: 2 });
    const samples = await task.sample?.(adapter, split);
    assert.equal(samples?.length, 2);
    assert.equal(tf.memory().numTensors, before);
  });

  function encodeAll(chats: ReturnType<typeof tinyChats>): EncodedSplit {
    const rows = chats.map(({ messages }, index): ChatRow => ({ kind: 'chat', messages, line: index + 1 }));
    return { file: 'rows.jsonl', rows, encoded: rows.map((row, index) => task.encode(row, index)) };
  }
  const questionOf = (row: EncodedSplit['rows'][number]) => ('messages' in row ? row.messages[0]?.content : undefined);
});

describe('a run of instruction tuning', function () {
  this.timeout(60_000);

  async function train(name: string, settings: Record<string, unknown>, decoder: Parameters<typeof writeTinyDecoder>[1] = {}) {
    const dir = join(folder.path, name);
    mkdirSync(dir, { recursive: true });
    writeTinyDecoder(join(dir, 'model'), decoder);
    for (const [split, count, seed] of [
      ['train', 48, 1],
      ['validation', 9, 2],
      ['test', 9, 3],
    ] as const)
      writeFileSync(join(dir, `${split}.jsonl`), jsonl(tinyChats(count, seed)));
    const data = { train: 'train.jsonl', validation: 'validation.jsonl', test: 'test.jsonl' };
    const training = { epochs: 12, batchSize: 8, learningRate: 0.01, maxLength: 48 };
    const evaluation = { metric: 'loss', every: 24 };
    const whole = {
      model: 'model',
      task: { type: 'instruction-tuning', samples: 3, maxNewTokens: 8 },
      data,
      training,
      evaluation,
    };
    writeFileSync(join(dir, 'temper.json'), JSON.stringify({ ...whole, backend: 'wasm', threads: 1, ...settings }));
    const events: RunEvent[] = [];
    const project = await readProject(dir);
    const outcome = await runTraining({
      allowLeaks: true, // the rows are few and alike
      project,
      runId: 'run',
      surroundings: () => quietSurroundings(),
      onEvent: (event) => events.push(event),
    });
    return { ...outcome, events };
  }

  it('ends with answers that are right, from a model that knew none', async () => {
    const { state, events } = await train('full', { method: { type: 'full' } });
    assert.equal(state.phase.kind === 'ended' && state.phase.state, 'completed', JSON.stringify(events.at(-1)));
    const sampled = events.flatMap((event) => (event.kind === 'sampled' ? [event] : []));
    assert.deepEqual([sampled[0]?.step, sampled[0]?.subject], [0, 'base']);
    assert.ok(sampled[0]?.samples.every(({ completion, expected }) => completion !== expected));
    assert.deepEqual(
      sampled.at(-1)?.samples.map(({ completion }) => completion),
      Object.values(topics),
    );
    const test = events.findLast((event) => event.kind === 'evaluated' && event.split === 'test');
    assert.ok(test?.kind === 'evaluated' && (test.metrics.perplexity ?? 9) < 1.5 && (test.metrics.accuracy ?? 0) > 0.9);
  });

  it('learns with LoRA on every linear layer, and a checkpoint answers as the run did', async () => {
    const { runDir, state } = await train('lora', { method: { type: 'lora', r: 8, targetModules: 'all-linear' } });
    const checkpoint = await openCheckpoint(runDir);
    const conversations = ['where is my invoice', 'when is the refund please'].map((content) => [{ role: 'user', content }]);
    assert.deepEqual(await answer(checkpoint.model, checkpoint.adapter, conversations, { maxNewTokens: 8 }), [
      topics.invoice,
      topics.refund,
    ]);
    assert.ok(state.samples.length > 1);
    checkpoint.adapter.dispose();
  });

  it('writes a plain chat template beside what it trains when the model has none, and says so', async () => {
    const { runDir, state } = await train(
      'plain',
      { method: { type: 'full' }, training: { maxSteps: 2, maxLength: 160 } },
      { chatTemplate: null, tokens: 'bytes' },
    );
    assert.ok(
      state.notices.some((notice) => notice.includes('no chat template')),
      JSON.stringify(state.phase),
    );
    const { path } = state.checkpoints[0] ?? assert.fail();
    assert.match(readFileSync(join(runDir, path, 'chat_template.jinja'), 'utf8'), /### Assistant:/);
  });
});
