/** The training loop with real tensors on a tiny model; only what it knows of the world is made up. */
import assert from 'node:assert/strict';
import { RunFailure, type ControlRequest, type UnnumberedEvent } from '../../protocol';
import * as tf from '../../trainer/tensors';
import { assertSameBits } from './numbers';
import {
  copyValues,
  createTinyTraining,
  quietSurroundings,
  runLoop,
  startBackend,
  type LoopOutcome,
  type TinyTraining,
} from './tiny-training';

const kindsOf = ({ events }: LoopOutcome) => events.map(({ kind }) => kind);
const stepsOf = ({ events }: LoopOutcome) => events.flatMap((event) => (event.kind === 'step' ? [event.step] : []));
const ofKind = <Kind extends UnnumberedEvent['kind']>({ events }: LoopOutcome, kind: Kind) =>
  events.filter((event): event is Extract<UnnumberedEvent, { kind: Kind }> => event.kind === kind);

/** Answers the first, second, third … question with what stands there. */
function askedInTurn(...answers: ControlRequest['kind'][][]): () => readonly ControlRequest[] {
  return () => (answers.shift() ?? []).map((kind) => ({ kind }));
}

describe('the training loop', () => {
  let training: TinyTraining;
  before(() => startBackend('wasm'));
  afterEach(() => {
    training.dispose();
  });

  for (const method of ['full', 'lora']) {
    it(`learns four examples by heart with ${method}`, async () => {
      const settings = { learningRate: method === 'full' ? 0.01 : 0.03, lrScheduler: 'constant', batchSize: 4, weightDecay: 0 };
      training = await createTinyTraining({
        rows: 4,
        labels: ['good', 'bad', 'unsure'],
        method: { type: method },
        steps: 60,
        training: settings,
      });
      const outcome = await runLoop(training.options);
      assert.ok((outcome.losses[0] ?? 0) > 0.5, `first loss ${outcome.losses[0]}`);
      assert.ok((outcome.losses.at(-1) ?? NaN) < 0.05, `last loss ${outcome.losses.at(-1)}`);
      assert.equal(ofKind(outcome, 'evaluated').at(-1)?.metrics.accuracy, 1);
    });
  }

  it('does every step, numbered from 1, and ends as completed', async () => {
    training = await createTinyTraining({ rows: 10, steps: 7, training: { batchSize: 4 } });
    const outcome = await runLoop(training.options);
    assert.deepEqual(stepsOf(outcome), [1, 2, 3, 4, 5, 6, 7]);
    assert.deepEqual(outcome.end, { kind: 'completed', step: 7 });
    // 10 rows in batches of 4 are 3 steps an epoch
    assert.deepEqual(
      ofKind(outcome, 'step').map(({ epoch }) => epoch.toFixed(3)),
      ['0.333', '0.667', '1.000', '1.333', '1.667', '2.000', '2.333'],
    );
  });

  it('evaluates as often as it is told to, and after the last step once', async () => {
    training = await createTinyTraining({ steps: 6, evaluateEvery: 3 });
    assert.deepEqual(
      ofKind(await runLoop(training.options), 'evaluated').map(({ step }) => step),
      [3, 6],
    );
    training.dispose();
    training = await createTinyTraining({ steps: 5, evaluateEvery: 3 });
    const outcome = await runLoop(training.options);
    assert.deepEqual(
      ofKind(outcome, 'evaluated').map(({ step }) => step),
      [3, 5],
    );
    assert.deepEqual(kindsOf(outcome).slice(0, 5), ['step', 'step', 'step', 'evaluated', 'improved']);
  });

  it('hears a stop before the next step', async () => {
    training = await createTinyTraining({ surroundings: quietSurroundings(askedInTurn([], [], ['stop'])) });
    const outcome = await runLoop(training.options);
    assert.deepEqual(kindsOf(outcome), ['step', 'step', 'stopping']);
    assert.deepEqual(outcome.end, { kind: 'stopped', step: 2 });
  });

  it('does no step at all when the stop comes first', async () => {
    training = await createTinyTraining({ surroundings: quietSurroundings(askedInTurn(['stop'])) });
    const before = copyValues(training.adapter.trained);
    const outcome = await runLoop(training.options);
    assert.deepEqual(outcome.end, { kind: 'stopped', step: 0 });
    assert.deepEqual(copyValues(training.adapter.trained), before);
  });

  it('holds while it is paused and goes on when told to', async () => {
    const surroundings = quietSurroundings(askedInTurn([], ['pause'], [], [], ['continue']));
    training = await createTinyTraining({ steps: 3, surroundings });
    const outcome = await runLoop(training.options);
    assert.deepEqual(kindsOf(outcome).slice(0, 5), ['step', 'paused', 'continued', 'step', 'step']);
    assert.equal(surroundings.holds(), 3);
    assert.equal(outcome.end.kind, 'completed');
  });

  it('says nothing twice: a second pause and a continue while it runs are passed over', async () => {
    training = await createTinyTraining({
      steps: 2,
      surroundings: quietSurroundings(askedInTurn(['continue'], ['pause', 'pause'], ['continue'])),
    });
    assert.deepEqual(kindsOf(await runLoop(training.options)).slice(0, 4), ['step', 'paused', 'continued', 'step']);
  });

  it('can be stopped while it is paused', async () => {
    training = await createTinyTraining({ surroundings: quietSurroundings(askedInTurn(['pause'], [], ['stop'])) });
    const outcome = await runLoop(training.options);
    assert.deepEqual(kindsOf(outcome), ['paused', 'stopping']);
    assert.deepEqual(outcome.end, { kind: 'stopped', step: 0 });
  });

  it('evaluates at once when asked, and not the same step twice', async () => {
    const surroundings = quietSurroundings(askedInTurn([], [], ['evaluate-now', 'evaluate-now'], ['evaluate-now']));
    training = await createTinyTraining({ steps: 4, surroundings });
    assert.deepEqual(
      ofKind(await runLoop(training.options), 'evaluated').map(({ step }) => step),
      [2, 3, 4],
    );
  });

  it('ends early after as many evaluations without progress as the patience says', async () => {
    const settings = { learningRate: 1e-12, weightDecay: 0 };
    training = await createTinyTraining({ steps: 20, evaluateEvery: 2, patience: 3, training: settings });
    const outcome = await runLoop(training.options);
    assert.deepEqual(
      ofKind(outcome, 'improved').map(({ step }) => step),
      [2],
    ); // better than none
    assert.deepEqual(outcome.end, { kind: 'early-stopped', step: 8 });
  });

  it('never ends early with patience 0', async () => {
    training = await createTinyTraining({
      steps: 8,
      evaluateEvery: 1,
      patience: 0,
      training: { learningRate: 1e-12, weightDecay: 0 },
    });
    assert.deepEqual((await runLoop(training.options)).end, { kind: 'completed', step: 8 });
  });

  it('waits for its consumer: what is saved at an evaluation are the parameters that were evaluated', async () => {
    training = await createTinyTraining({ steps: 4, evaluateEvery: 2, training: { warmupRatio: 0 } });
    const { adapter, options } = training;
    let atEvaluation = new Map<string, Float32Array>();
    await runLoop(options, (event) => {
      if (event.kind === 'step' && event.step === 2) atEvaluation = copyValues(adapter.trained);
      if (event.kind === 'evaluated' && event.step === 2) assert.deepEqual(copyValues(adapter.trained), atEvaluation);
    });
    assert.notDeepEqual(copyValues(adapter.trained), atEvaluation);
  });

  it('diverges when a weight is infinite: no parameter is touched', async () => {
    training = await createTinyTraining({});
    const { trained } = training.adapter;
    const name = 'bert.encoder.layer.0.intermediate.dense.weight';
    const poison = tf.fill(trained.get(name)?.shape ?? [], Infinity);
    trained.get(name)?.assign(poison);
    poison.dispose();
    const before = copyValues(trained);
    const outcome = await runLoop(training.options);
    assert.equal(outcome.end.kind, 'diverged');
    assert.equal(outcome.end.step, 1);
    assert.deepEqual(kindsOf(outcome), []);
    for (const [tensorName, values] of copyValues(trained))
      assertSameBits(values, before.get(tensorName) ?? assert.fail(), tensorName);
  });

  it('refuses to measure a model whose scores overflow', async () => {
    training = await createTinyTraining({ method: { type: 'head-only' } });
    const head = training.adapter.trained.get('classifier.weight') ?? assert.fail();
    const huge = tf.fill(head.shape, 3e38);
    head.assign(huge);
    huge.dispose();
    const { task, adapter, validation } = training.options;
    await assert.rejects(task.evaluate(adapter, validation, { batchSize: 8 }), (thrown) => {
      assert.ok(thrown instanceof RunFailure);
      assert.equal(thrown.error.code, 'diverged');
      return true;
    });
  });

  it('diverges under a huge rate, and the parameters are still finite numbers', async () => {
    training = await createTinyTraining({ steps: 10, training: { warmupRatio: 0 } });
    const outcome = await runLoop({ ...training.options, schedule: { ...training.options.schedule, peak: 1e30 } });
    if (outcome.end.kind !== 'diverged') assert.fail(outcome.end.kind);
    assert.ok(!(Number.isFinite(outcome.end.loss) && Number.isFinite(outcome.end.gradNorm)));
    for (const [name, values] of copyValues(training.adapter.trained)) assert.ok(values.every(Number.isFinite), name);
  });
});

describe('memory', () => {
  for (const backend of ['cpu', 'wasm'] as const) {
    for (const method of ['full', 'lora', 'head-only'])
      it(`holds as many tensors after twenty steps as after one, and none after the run (${backend}, ${method})`, async () => {
        await startBackend(backend);
        const before = tf.memory();
        const training = await createTinyTraining({
          rows: 6,
          steps: 20,
          evaluateEvery: 7,
          model: { layers: 1, dropout: 0.1 },
          method: { type: method },
          training: { batchSize: 3 },
        });
        const counts = new Set<number>();
        await runLoop(training.options, (event) => {
          if (event.kind === 'step' || event.kind === 'evaluated') counts.add(tf.memory().numTensors);
        });
        assert.equal(counts.size, 1, [...counts].join(', '));
        training.dispose();
        assert.equal(tf.memory().numTensors, before.numTensors);
        assert.equal(tf.memory().numBytes, before.numBytes);
        assert.equal(tf.memory().numDataBuffers, before.numDataBuffers);
      });
  }

  it('is given back also when the run diverges', async () => {
    await startBackend('cpu');
    const before = tf.memory().numTensors;
    const training = await createTinyTraining({ training: { warmupRatio: 0 } });
    const outcome = await runLoop({ ...training.options, schedule: { ...training.options.schedule, peak: 1e30 } });
    assert.equal(outcome.end.kind, 'diverged');
    training.dispose();
    assert.equal(tf.memory().numTensors, before);
  });
});
