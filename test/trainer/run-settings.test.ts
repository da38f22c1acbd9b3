/** Settings that a run of instruction tuning shares with the others: each does to a decoder what it says. */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createRandom } from '../../dataset/seeded-random';
import { RunFailure } from '../../protocol';
import { attachOptionsOf } from '../../trainer/attach-options';
import { packBatch } from '../../trainer/batches';
import { exportModel } from '../../trainer/export-model';
import { attachMethod } from '../../trainer/methods/registry';
import { loadModel } from '../../trainer/model-folder';
import { computeLogits } from '../../trainer/models/run-backbone';
import { openCheckpoint } from '../../trainer/open-checkpoint';
import { createInstructionTuning } from '../../trainer/tasks/instruction-tuning';
import * as tf from '../../trainer/tensors';
import { chatMl, tinyDecoderVocabulary, writeTinyDecoder } from './tiny-decoder';
import { jsonl } from './tiny-model';
import { assertCompleted, measuredOf, measureTestRows, tinyTasks, trainTask, writeTaskProject, type TinyRun } from './tiny-runs';
import { startBackend, temporaryFolder } from './tiny-training';

/** Answers of one to six words, so that rows weigh differently. */
const uneven = ['yes', 'we do not know', 'no thanks', 'it comes by post tomorrow please', 'open', 'it comes by mail'].map(
  (completion, index) => ({ prompt: `where is my ${index % 2 === 0 ? 'parcel' : 'invoice today'}`, completion }),
);
const atOnce = { 'data.train': 'uneven.jsonl', 'training.batchSize': 6, 'training.maxSteps': 3, 'training.epochs': 3 };

describe('in instruction tuning', function () {
  this.timeout(60_000);
  const folder = temporaryFolder('run-settings');
  const dir = join(folder.path, 'instruction-tuning');
  before(async () => {
    await startBackend('wasm');
    for (const task of tinyTasks) writeTaskProject(join(folder.path, task), task);
    writeFileSync(join(dir, 'uneven.jsonl'), jsonl(uneven));
  });
  after(() => {
    folder.remove();
  });

  it('six batches of one row are one of six: each token weighs the same, wherever it stands', async () => {
    const one = await trainTask(dir, 'one-batch', atOnce);
    const six = await trainTask(dir, 'six-batches', {
      ...atOnce,
      'training.batchSize': 1,
      'training.gradientAccumulationSteps': 6,
    });
    const figures = ({ events }: TinyRun) =>
      events.flatMap((event) => (event.kind === 'step' ? [event.loss, event.gradNorm] : []));
    assert.equal(figures(one).length, 6);
    figures(one).forEach((expected, index) => {
      assert.ok(
        Math.abs((figures(six)[index] ?? NaN) / expected - 1) < 1e-5,
        `${figures(six).join()} for ${figures(one).join()}`,
      );
    });
  });

  it('label smoothing spreads its share over the whole vocabulary, and measures without', async () => {
    const [plain, smooth] = [
      await trainTask(dir, 'plain', atOnce),
      await trainTask(dir, 'smooth', { ...atOnce, 'training.labelSmoothing': 0.2 }),
    ];
    const { sharp, flat } = await lossesOfBase();
    assert.ok(Math.abs((plain.losses[0] ?? NaN) - sharp) < 1e-5, `${plain.losses[0]} for ${sharp}`);
    assert.ok(Math.abs((smooth.losses[0] ?? NaN) - (0.8 * sharp + 0.2 * flat)) < 1e-5);
    assert.deepEqual(measuredOf(smooth, 'base'), measuredOf(plain, 'base'));
  });

  /** Over the learnt tokens of all rows: the mean of -log p of the right token, and that over all tokens of the vocabulary. */
  async function lossesOfBase(): Promise<{ sharp: number; flat: number }> {
    const request = { head: 'causal-lm', labels: 0, initialWeights: 'pretrained', seed: 0 } as const;
    const model = await loadModel({ model: 'model', projectDir: dir, ...request });
    const task = createInstructionTuning(model, { type: 'instruction-tuning', samples: 0, maxNewTokens: 1 }, 32);
    const rows = uneven.map(({ prompt, completion }, index) => {
      const messages = Object.entries({ user: prompt, assistant: completion }).map(([role, content]) => ({ role, content }));
      return task.encode({ kind: 'chat', messages, line: index + 1 }, index);
    });
    const adapter = attachMethod({ type: 'full' }, attachOptionsOf(model, [], createRandom(0)));
    const { batch, labels } = packBatch(rows);
    const scores = tf.tidy((): number[][] => {
      const logits: tf.Tensor2D = computeLogits(model, batch, { tuning: adapter }); // [tokens, vocabulary]
      return tf.neg(tf.logSoftmax(logits)).arraySync();
    });
    adapter.dispose();
    const learnt = [...labels].flatMap((label, token) => (label < 0 ? [] : [{ label, of: scores[token] ?? [] }]));
    const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
    return { sharp: mean(learnt.map(({ label, of }) => of[label] ?? NaN)), flat: mean(learnt.map(({ of }) => mean(of))) };
  }

  it('random weights know nothing at the start, open again as they were, and go out merged only', async () => {
    const run = await trainTask(dir, 'random', { initialWeights: 'random', 'training.learningRate': 0.01 });
    assertCompleted(run);
    const { loss = NaN } = measuredOf(run, 'base');
    assert.ok(Math.abs(loss - Math.log(tinyDecoderVocabulary.length)) < 0.1, `${loss}`);
    const opened = await openCheckpoint(run.runDir);
    assert.deepEqual(await measureTestRows(opened), measuredOf(run, 'trained'));
    await assert.rejects(
      exportModel(opened, 'peft', join(folder.path, 'random-peft')),
      (thrown) => thrown instanceof RunFailure && thrown.message.includes('no folder has the base'),
    );
    await exportModel(opened, 'merged', join(folder.path, 'random-merged'));
    opened.adapter.dispose();
  });

  for (const task of tinyTasks)
    for (const method of [
      { type: 'lora', r: 2, layersToTransform: [1] },
      { type: 'bottleneck-adapter', reductionFactor: 4, leaveOut: [0] },
      { type: 'full', lastLayers: 1 },
    ])
      it(`states that are kept are those that are computed each time (${task}, ${JSON.stringify(method)})`, async () => {
        const train = (keep: boolean) =>
          trainTask(join(folder.path, task), `${method.type}-${keep}`, { method, 'training.keepFrozenStates': keep });
        const [kept, computed] = [await train(true), await train(false)];
        for (const run of [kept, computed]) assertCompleted(run);
        assert.deepEqual(kept.losses, computed.losses);
        assert.deepEqual(measuredOf(kept, 'trained'), measuredOf(computed, 'trained'));
        assert.ok(kept.state.notices.some((notice) => /first layer is frozen.*kept in memory/.test(notice)));
        assert.ok(computed.state.notices.some((notice) => /first layer is frozen.*computed anew/.test(notice)));
      });

  it('rows of which nothing is left are counted, with the place of the first', async () => {
    const { events } = await trainTask(dir, 'too-long', { 'training.maxLength': 4 });
    const ended = events.at(-1);
    assert.ok(ended?.kind === 'ended' && ended.error);
    const { code, file, line, message } = ended.error;
    assert.deepEqual([code, file, line], ['bad-data', join(dir, 'train.jsonl'), 1]);
    assert.match(message, /no word of the assistant is among the first 4\.\nThere are 23 more such rows in this file/);
  });

  it('a conversation that the template does not take is refused at its place', async () => {
    const refusing = "{% if 'refund' in messages[0].content %}{{ raise_exception('no refunds') }}{% endif %}";
    writeTinyDecoder(join(dir, 'picky'), { chatTemplate: `${refusing}${chatMl}` });
    const { events } = await trainTask(dir, 'refused', { model: 'picky' });
    const ended = events.at(-1);
    assert.ok(ended?.kind === 'ended' && ended.error);
    assert.deepEqual([ended.error.file, ended.error.line], [join(dir, 'train.jsonl'), 3]);
    assert.match(ended.error.message, /no refunds\.\nThere are 7 more such rows/);
  });

  it('a run that gets worse ends early, with the checkpoint of least loss', async () => {
    const run = await trainTask(dir, 'ruined', {
      method: { type: 'full' },
      'training.learningRate': 1,
      'training.warmupRatio': 0.1,
      'training.maxSteps': 10,
      'training.epochs': 10,
      evaluation: { metric: 'loss', every: 1, earlyStoppingPatience: 3 },
    });
    assert.ok(run.state.phase.kind === 'ended' && run.state.phase.state === 'early-stopped', JSON.stringify(run.state.phase));
    assert.equal(run.state.best?.step, 1, 'the first step has rate 0');
    assert.deepEqual(measuredOf(run, 'trained'), measuredOf(run, 'base'));
  });
});
