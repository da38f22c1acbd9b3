/** Whole runs with prefixes, prompts and bottleneck adapters: what is saved opens again and computes what was measured. */
import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { readProject } from '../../dataset/project';
import type { RunEvent, RunState } from '../../protocol';
import { openCheckpoint, type OpenCheckpoint } from '../../trainer/open-checkpoint';
import { runTraining } from '../../trainer/run';
import * as tf from '../../trainer/tensors';
import { writeTinyProject } from '../cli/tiny-project';
import { tinyRows } from './tiny-model';
import { quietSurroundings, startBackend, temporaryFolder } from './tiny-training';

const peftFiles = ['adapter_config.json', 'adapter_model.safetensors'];
const libraryFiles = ['adapter.safetensors', 'adapter_config.json', 'head_config.json', 'model_head.safetensors'];
const methods: Readonly<Record<string, { readonly method: object; readonly files: readonly string[] }>> = {
  'a prefix from a text': {
    method: { type: 'prefix-tuning', numVirtualTokens: 3, initText: 'the great app works' },
    files: peftFiles,
  },
  'a prefix with a projection': {
    method: { type: 'prefix-tuning', numVirtualTokens: 3, prefixProjection: true },
    files: [...peftFiles, 'prefix_projection.safetensors'],
  },
  'a prompt': { method: { type: 'prompt-tuning', numVirtualTokens: 3 }, files: peftFiles },
  'bottleneck adapters': { method: { type: 'bottleneck-adapter', preset: 'houlsby', reductionFactor: 4 }, files: libraryFiles },
  'a bottleneck adapter in the last layer': { method: { type: 'bottleneck-adapter', leaveOut: [0] }, files: libraryFiles },
};

interface Finished {
  readonly runDir: string;
  readonly events: readonly RunEvent[];
  readonly phase: RunState['phase'];
}

describe('a run that trains', function () {
  this.timeout(60_000);
  const folder = temporaryFolder('added-method-runs');
  const project = join(folder.path, 'project');
  before(async () => {
    writeTinyProject(project);
    await startBackend('wasm');
  });
  after(() => {
    folder.remove();
  });

  Object.entries(methods).forEach(([what, { method, files }], index) => {
    it(`${what} learns, saves it and finds it again`, async () => {
      const before = tf.memory().numTensors;
      const { runDir, events } = await train(`run-${index}`, method);
      assert.equal(tf.memory().numTensors, before, 'nothing is left behind');
      const losses = events.flatMap((event) => (event.kind === 'step' ? [event.loss] : []));
      assert.equal(losses.length, 12);
      assert.ok(Math.min(...losses.slice(-3)) < (losses[0] ?? NaN), losses.join(' '));

      const opened = await openCheckpoint(runDir);
      const measured = events.findLast(
        (event) => event.kind === 'evaluated' && event.split === 'test' && event.subject === 'trained',
      );
      assert.ok(measured?.kind === 'evaluated');
      assert.equal(await lossOf(opened), measured.metrics.loss);
      const written = readdirSync(opened.checkpointDir);
      assert.deepEqual(written.filter((name) => files.includes(name)).sort(), [...files].sort());
      opened.adapter.dispose();
    });
  });

  it('a prefix compares itself with the base as it was, not with the base behind a prefix', async () => {
    const base = async (runId: string, method: object) => {
      const { events } = await train(runId, method);
      const found = events.find((event) => event.kind === 'evaluated' && event.subject === 'base');
      return found?.kind === 'evaluated' ? found.metrics.loss : assert.fail('the base was not measured');
    };
    const prefix = { type: 'prefix-tuning', initialisation: 'random', numVirtualTokens: 3 };
    assert.equal(await base('prefix', prefix), await base('plain', { type: 'head-only' }));
  });

  it('a prompt that leaves no room for a text fails at once, and says why', async () => {
    const { phase, events } = await runToEnd('too-long', { type: 'prompt-tuning', numVirtualTokens: 32 });
    assert.ok(phase.kind === 'ended' && phase.state === 'failed');
    assert.equal(phase.error?.code, 'bad-config');
    assert.match(phase.error.message, /positions for 32 tokens: none is left/);
    assert.ok(!events.some(({ kind }) => kind === 'planned'));
  });

  it('a prompt cuts texts where the positions end', async () => {
    const { events } = await train('cut', { type: 'prompt-tuning', numVirtualTokens: 27 });
    assert.ok(events.some((event) => event.kind === 'notice' && event.message.includes('the limit of 5 tokens')));
  });

  async function train(runId: string, method: object): Promise<Finished> {
    const finished = await runToEnd(runId, method);
    const { phase } = finished;
    assert.equal(phase.kind === 'ended' && phase.state, 'completed', JSON.stringify(phase));
    return finished;
  }

  async function runToEnd(runId: string, method: object): Promise<Finished> {
    const events: RunEvent[] = [];
    const settings = [`method=${JSON.stringify(method)}`, 'training.maxSteps=12', 'training.epochs=12', 'evaluation.every=6'];
    const { runDir, state } = await runTraining({
      allowLeaks: true, // the rows are few and alike
      project: await readProject(project, settings),
      runId,
      surroundings: () => quietSurroundings(),
      onEvent: (event) => events.push(event),
    });
    return { runDir, events, phase: state.phase };
  }
});

/** On the rows that writeTinyProject puts into test.jsonl. */
async function lossOf({ task, adapter }: OpenCheckpoint): Promise<number | undefined> {
  const rows = tinyRows(10, ['good', 'bad'], 9).map((row, index) => ({
    kind: 'classification' as const,
    ...row,
    line: index + 1,
  }));
  const encoded = rows.map((row, index) => task.encode(row, index));
  const { metrics } = await task.evaluate(adapter, { file: 'test.jsonl', rows, encoded }, { batchSize: 64 });
  return metrics.loss;
}
