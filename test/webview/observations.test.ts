import assert from 'node:assert/strict';
import type { RunState } from '../../protocol';
import { collectObservations, type TrainingLoss } from '../../webview/observations';
import { evaluationOf, plan, stateOf, stepAt } from './run-states';

/** Training loss 2 until step 100, then 1 until 300, then 0.5. */
const falling = { smoothedLossAt: (step: number) => (step <= 100 ? 2 : step < 300 ? 1 : 0.5) };
const flat = { smoothedLossAt: () => 0.7 };

function sentences(state: RunState, steps: TrainingLoss = flat): string[] {
  return collectObservations(state, steps).map(({ lead, rest }) => lead + rest);
}

describe('what Temper sees', () => {
  it('says nothing about a run that has not begun', () => {
    assert.deepEqual(sentences(stateOf({ phase: { kind: 'starting' }, plan: undefined as never })), []);
  });

  it('warns when validation loss stagnates while training loss falls', () => {
    const evaluations = [
      evaluationOf({ step: 100, loss: 0.9 }),
      evaluationOf({ step: 200, loss: 0.6 }),
      evaluationOf({ step: 300, loss: 0.7 }),
    ];
    const [first] = collectObservations(stateOf({ evaluations, lastStep: stepAt(310) }), falling);
    assert.equal(first?.tone, 'warning');
    assert.equal(first.lead + first.rest, 'Validation loss has not improved since step 200, while training loss fell by 50 %.');
  });

  it('only notes a stagnation when training loss stands still too', () => {
    const evaluations = [evaluationOf({ step: 100, loss: 0.6 }), evaluationOf({ step: 200, loss: 0.7 })];
    const [first] = collectObservations(stateOf({ evaluations }), flat);
    assert.equal(first?.tone, 'info');
    assert.equal(first.lead + first.rest, 'Validation loss has not improved since step 100: 0.600 then, 0.700 now.');
  });

  it('does not call a stagnation what is the best so far', () => {
    const evaluations = [evaluationOf({ step: 100, loss: 0.6 }), evaluationOf({ step: 200, loss: 0.5 })];
    assert.deepEqual(sentences(stateOf({ evaluations })), []);
  });

  it('warns when nothing is learnt after a tenth of the run, and not before', () => {
    const expected = 'Training loss has not fallen in 100 steps. The learning rate (5e-3) may be too low or too high.';
    assert.ok(sentences(stateOf({ lastStep: stepAt(100) })).includes(expected));
    assert.ok(
      !sentences(stateOf({ lastStep: stepAt(99) }))
        .join()
        .includes('has not fallen'),
    );
    assert.ok(
      !sentences(stateOf({ lastStep: stepAt(300) }), falling)
        .join()
        .includes('has not fallen'),
    );
  });

  it('compares the best checkpoint with the untouched model', () => {
    const evaluations = [
      evaluationOf({ step: 0, subject: 'base', accuracy: 0.148 }),
      evaluationOf({ step: 100, accuracy: 0.861, accuracyInterval: { low: 0.84, high: 0.88 } }),
      evaluationOf({ step: 200, accuracy: 0.8 }),
    ];
    const state = stateOf({ evaluations, best: { step: 100, value: 0.861 } });
    assert.ok(sentences(state).includes('Validation accuracy 0.861 (0.840 to 0.880), up from 0.148 for the untouched model.'));
  });

  it('does not call a gain what lies within the margin of error', () => {
    const evaluations = [
      evaluationOf({ step: 0, subject: 'base', accuracy: 0.8 }),
      evaluationOf({ accuracy: 0.82, accuracyInterval: { low: 0.75, high: 0.88 } }),
    ];
    const state = stateOf({ evaluations, best: { step: 100, value: 0.82 } });
    assert.ok(
      sentences(state).includes('Validation accuracy 0.820 (0.750 to 0.880), not clearly up from 0.800 for the untouched model.'),
    );
  });

  it('warns when the model became worse than it was', () => {
    const evaluations = [evaluationOf({ step: 0, subject: 'base', accuracy: 0.9 }), evaluationOf({ accuracy: 0.7 })];
    const found = collectObservations(stateOf({ evaluations, best: { step: 100, value: 0.7 } }), flat);
    assert.equal(found[0]?.tone, 'warning');
    assert.match(found[0].rest, /down from 0\.900/);
  });

  it('warns when the model is no better than the commonest class', () => {
    const evaluations = [
      evaluationOf({ step: 0, subject: 'majority', accuracy: 0.5 }),
      evaluationOf({ accuracy: 0.53, accuracyInterval: { low: 0.44, high: 0.62 } }),
    ];
    const state = stateOf({ evaluations, best: { step: 100, value: 0.53 } });
    assert.ok(
      sentences(state).includes(
        'No better yet than always answering with the commonest class: validation accuracy 0.530 against 0.500.',
      ),
    );
  });

  it('says how much is lost on rows from elsewhere', () => {
    const evaluations = [evaluationOf({ accuracy: 0.873 }), evaluationOf({ split: 'ood', accuracy: 0.741 })];
    const state = stateOf({ evaluations, best: { step: 100, value: 0.873 } });
    assert.ok(sentences(state).includes('Out of distribution 0.741, 13.2 points below the held-out rows of its own kind.'));
  });

  it('names the settings it chose and why, until there is a curve to talk about', () => {
    const chosen = [
      { setting: 'training.learningRate', value: 5e-3, reason: 'measured best for lora on models of about 5.4 M parameters' },
    ];
    const state = stateOf({ plan: { ...plan, chosen } });
    assert.ok(sentences(state).includes('Learning rate 5e-3: measured best for lora on models of about 5.4 M parameters.'));
    assert.ok(sentences(state).includes('Trains 54 k of 5.4 M parameters (1 %) on 1,000 rows with 2 labels.'));
    const later = { ...state, evaluations: [evaluationOf({ step: 100, loss: 2 }), evaluationOf({ step: 200, loss: 1 })] };
    assert.deepEqual(sentences(later), []);
  });

  it('passes on every notice once', () => {
    const notices = ['3 rows were cut at 128 tokens.', '3 rows were cut at 128 tokens.'];
    assert.deepEqual(sentences(stateOf({ notices, plan: undefined as never })), ['3 rows were cut at 128 tokens.']);
  });

  it('shows an error with its hint and what is left, and one action', () => {
    const error = {
      code: 'out-of-memory',
      message: 'There was not enough memory.',
      hint: 'Halve "training.batchSize".',
    } as const;
    const checkpoints = [{ step: 400, path: 'checkpoints/step-000400', bytes: 1, metrics: {} }];
    const state = stateOf({ phase: { kind: 'ended', state: 'out-of-memory', reason: '', error }, checkpoints });
    const [first] = collectObservations(state, flat);
    assert.equal(first?.tone, 'error');
    assert.equal(
      first.lead + first.rest,
      'There was not enough memory. Halve "training.batchSize". Everything up to step 400 is kept.',
    );
    assert.deepEqual(first.action, { title: 'Open Config', message: { kind: 'open', what: 'config' } });
  });

  it('says what is left of a lost run', () => {
    const [first] = collectObservations(stateOf({ phase: { kind: 'lost' } }), flat);
    assert.match(
      (first?.lead ?? '') + (first?.rest ?? ''),
      /^Nobody is running this run any more\..* No checkpoint was saved\.$/,
    );
    assert.deepEqual(first?.action?.message, { kind: 'open', what: 'log' });
  });

  it('ends a good run with its time and its best checkpoint', () => {
    const state = stateOf({
      phase: { kind: 'ended', state: 'early-stopped', reason: 'no progress in 4 evaluations' },
      startedAtMs: 0,
      endedAtMs: 130_000,
      best: { step: 400, value: 0.873 },
      checkpoints: [{ step: 400, path: 'checkpoints/step-000400', bytes: 1, metrics: {} }],
    });
    const [first] = sentences(state);
    assert.equal(
      first,
      'Stopped early after 2 min 10 s. No progress in 4 evaluations. The best checkpoint is step 400, validation accuracy 0.873.',
    );
  });

  it('says that a paused run computes nothing', () => {
    const state = stateOf({ phase: { kind: 'paused' }, lastStep: stepAt(30), plan: undefined as never });
    assert.deepEqual(sentences(state), ['Paused at step 30. Nothing is computed until you continue.']);
  });
});
