/**
 * Every method with every task, from temper.json to what other tools read: the run ends, its checkpoint measures what the
 * run measured, and what is exported computes the same.
 */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { createRandom } from '../../dataset/seeded-random';
import { methodSchema, RunFailure, type MethodConfig } from '../../protocol';
import { attachOptionsOf } from '../../trainer/attach-options';
import { exportModel } from '../../trainer/export-model';
import { attachMethod } from '../../trainer/methods/registry';
import { loadModel } from '../../trainer/model-folder';
import type { OpenModel } from '../../trainer/open-adapter';
import { openCheckpoint, openModel, type OpenCheckpoint } from '../../trainer/open-checkpoint';
import { headOf } from '../../trainer/tasks/registry';
import * as tf from '../../trainer/tensors';
import { assertClose } from './numbers';
import {
  assertCompleted,
  logitsOf,
  measuredOf,
  measureTestRows,
  tinyTasks,
  trainTask,
  writeTaskProject,
  type TinyRun,
  type TinyTask,
} from './tiny-runs';
import { copyValues, startBackend, temporaryFolder } from './tiny-training';

type Method = Readonly<Record<string, unknown>> & { readonly type: MethodConfig['type'] };

/** Parts of the tiny model that a task trains, for methods that are told where to go. */
interface Parts {
  readonly pattern: string;
  readonly embedding: string;
  readonly linear: string;
  readonly saved: string;
  readonly text: string;
}
const partsOf: Readonly<Record<TinyTask, Parts>> = {
  'text-classification': {
    pattern: '.*layer\\.1\\.attention\\.self\\.(query|value)',
    embedding: 'word_embeddings',
    linear: 'query',
    saved: 'pooler',
    text: 'the great app works',
  },
  'instruction-tuning': {
    pattern: '.*layers\\.1\\.mlp\\.(gate|down)_proj',
    embedding: 'embed_tokens',
    linear: 'q_proj',
    saved: 'norm',
    text: 'where is my parcel',
  },
};

const variants: Readonly<Record<string, (parts: Parts) => Method>> = {
  full: () => ({ type: 'full' }),
  'full, the last layer': () => ({ type: 'full', lastLayers: 1 }),
  'head-only': () => ({ type: 'head-only' }),
  'bias-only': () => ({ type: 'bias-only' }),
  lora: () => ({ type: 'lora', r: 4, dropout: 0.1 }),
  'lora on all linear layers, rank-stabilised': () => ({ type: 'lora', r: 2, targetModules: 'all-linear', useRslora: true }),
  'lora by a regular expression': ({ pattern }) => ({ type: 'lora', r: 2, targetModules: pattern }),
  'lora in the last layer': ({ linear }) => ({ type: 'lora', r: 2, targetModules: [linear], layersToTransform: [1] }),
  'lora on an embedding': ({ embedding, linear }) => ({ type: 'lora', r: 2, targetModules: [embedding, linear] }),
  'lora with magnitudes': () => ({ type: 'lora', r: 2, useDora: true, initialisation: 'gaussian' }),
  'lora with all biases': () => ({ type: 'lora', r: 2, bias: 'all' }),
  'lora with a module trained in full': ({ saved }) => ({ type: 'lora', r: 2, modulesToSave: [saved] }),
  qlora: () => ({ type: 'qlora', r: 2, targetModules: 'all-linear' }),
  ia3: () => ({ type: 'ia3' }),
  'prefix-tuning': () => ({ type: 'prefix-tuning', numVirtualTokens: 3 }),
  'prefix-tuning with a projection': () => ({ type: 'prefix-tuning', numVirtualTokens: 3, prefixProjection: true }),
  'prefix-tuning from a text': ({ text }) => ({ type: 'prefix-tuning', numVirtualTokens: 3, initText: text }),
  'prompt-tuning': () => ({ type: 'prompt-tuning', numVirtualTokens: 3 }),
  'prompt-tuning from a text': ({ text }) => ({ type: 'prompt-tuning', numVirtualTokens: 5, initText: text }),
  'bottleneck-adapter': () => ({ type: 'bottleneck-adapter', reductionFactor: 4 }),
  'bottleneck-adapter, houlsby': () => ({ type: 'bottleneck-adapter', preset: 'houlsby', reductionFactor: 4 }),
  'bottleneck-adapter, parallel, in the last layer': () => ({ type: 'bottleneck-adapter', preset: 'parallel', leaveOut: [0] }),
};

/** What the tiny Llama has no place for: it has no biases, and its task puts nothing on top of it. */
const refusals: Readonly<Record<string, RegExp>> = {
  'instruction-tuning, head-only': /nothing of its own on this llama model/,
  'instruction-tuning, bias-only': /this llama model has no biases/,
};

const folder = temporaryFolder('every-method');

describe('every method', function () {
  this.timeout(60_000);
  before(async () => {
    await startBackend('wasm');
    for (const task of tinyTasks) writeTaskProject(join(folder.path, task), task);
  });
  after(() => {
    folder.remove();
  });

  it('of the config is among them', () => {
    const known = methodSchema.options.map(({ shape }) => shape.type.value);
    const types = Object.values(variants).map((variant) => variant(partsOf['text-classification']).type);
    assert.deepEqual([...new Set(types)].sort(), [...known].sort());
  });

  for (const task of tinyTasks) {
    Object.entries(variants).forEach(([variant, create], index) => {
      const what = `${task}, ${variant}`;
      const train = () => trainTask(join(folder.path, task), `run-${index}`, { method: create(partsOf[task]) });
      const refusal = refusals[what];
      if (refusal)
        it(`is refused where the model has no place for it: ${what}`, async () => {
          const ended = (await train()).events.at(-1);
          assert.ok(ended?.kind === 'ended' && ended.error?.code === 'bad-config', JSON.stringify(ended));
          assert.match(ended.error.message, refusal);
        });
      else
        it(`trains, opens again, measures the same and goes out: ${what}`, async () => {
          const { numTensors } = tf.memory();
          const run = await train();
          assert.equal(tf.memory().numTensors, numTensors, 'tensors after the run');
          assertTrained(run);
          const opened = await openCheckpoint(run.runDir);
          assert.deepEqual(await measureTestRows(opened), measuredOf(run, 'trained'));
          await assertGoesOut(opened, join(folder.path, `${task}-${index}`));
          assert.equal(tf.memory().numTensors, numTensors, 'tensors in the end');
        });
    });
  }
});

function assertTrained(run: TinyRun): void {
  assertCompleted(run);
  assert.equal(run.losses.length, 4);
  assert.ok(run.losses.every(Number.isFinite), run.losses.join(' '));
  const steps = run.events.flatMap((event) =>
    event.kind === 'evaluated' && event.split === 'validation' && event.subject === 'trained' ? [event.step] : [],
  );
  assert.deepEqual(steps, [2, 4]);
}

/** Exports both ways and opens what came out, or finds a refusal that says why. Disposes what is open. */
async function assertGoesOut(opened: OpenCheckpoint, dir: string): Promise<void> {
  const logits = logitsOf(opened.model, opened.adapter);
  const [merged, peft] = [join(dir, 'merged'), join(dir, 'peft')];
  const unmergeable = whyUnmergeable(opened);
  if (unmergeable) await assert.rejects(exportModel(opened, 'merged', merged), saying(unmergeable));
  else {
    await exportModel(opened, 'merged', merged);
    assertClose(await logitsOfMerged(opened, merged), logits, 1e-5, 'merged');
  }
  const isAdapter = !['full', 'head-only', 'bias-only'].includes(opened.config.method.type);
  if (isAdapter) await exportModel(opened, 'peft', peft);
  else await assert.rejects(exportModel(opened, 'peft', peft), saying(/there is no adapter to take out/));
  const values = copyValues(opened.adapter.trained);
  opened.adapter.dispose();
  if (!isAdapter) return;
  const alone = await openModel(peft);
  // PEFT's format does not say that the base is to be packed: QLoRA's update lies on the whole weights then.
  if (opened.config.method.type === 'qlora') assert.deepEqual(copyValues(alone.adapter.trained), values);
  else assertClose(logitsOf(alone.model, alone.adapter), logits, 1e-5, 'adapter');
  alone.adapter.dispose();
}

function whyUnmergeable({ config: { method, task } }: OpenModel): RegExp | undefined {
  if (['prefix-tuning', 'prompt-tuning', 'bottleneck-adapter'].includes(method.type)) return /does not fit into the weights/;
  const isOnTable = method.type === 'lora' && method.targetModules?.includes('embed_tokens') === true;
  return isOnTable && task.type === 'instruction-tuning' ? /the same table scores the tokens/ : undefined;
}

async function logitsOfMerged({ config, labels }: OpenModel, dir: string): Promise<Float32Array> {
  const request = { head: headOf(config.task), labels: labels.length, initialWeights: 'pretrained', seed: 9 } as const;
  const model = await loadModel({ model: dir, projectDir: dir, ...request });
  const plain = attachMethod({ type: 'full' }, attachOptionsOf(model, labels, createRandom(9)));
  const logits = logitsOf(model, plain);
  plain.dispose();
  return logits;
}

function saying(words: RegExp): (thrown: unknown) => boolean {
  return (thrown) => thrown instanceof RunFailure && words.test(thrown.message);
}
