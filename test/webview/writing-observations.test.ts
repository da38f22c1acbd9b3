import assert from 'node:assert/strict';
import type { PlanFacts, RunState, SampledFacts } from '../../protocol';
import { describeHeldOut } from '../../webview/chart-summaries';
import { collectObservations } from '../../webview/observations';
import { evaluationOf, plan, stateOf } from './run-states';

const flat = { smoothedLossAt: () => 0.7 };
const writingPlan: PlanFacts = { ...plan, labels: [], metric: 'loss' };
const writing = (parts: Partial<RunState>): RunState => stateOf({ plan: writingPlan, ...parts });
const sentences = (state: RunState): string[] => collectObservations(state, flat).map(({ lead, rest }) => lead + rest);

function measured(step: number, perplexity: number, parts: Partial<Parameters<typeof evaluationOf>[0]> = {}) {
  const evaluation = evaluationOf({ step, subject: step === 0 ? 'base' : 'trained', ...parts });
  return { ...evaluation, metrics: { loss: Math.log(perplexity), perplexity, accuracy: 0.5 } };
}

function asked(step: number, completions: readonly string[], expected = ['At nine.', 'At ten.', 'Never.']): SampledFacts {
  const samples = completions.map((completion, index) => ({ prompt: `q${index}`, expected: expected[index] ?? '', completion }));
  return { step, subject: step === 0 ? 'base' : 'trained', samples };
}

describe('what Temper sees in a run that learns to write', () => {
  it('speaks of conversations, not of labels', () => {
    assert.deepEqual(sentences(writing({})), ['Trains 54 k of 5.4 M parameters (1 %) on 1,000 conversations.']);
  });

  it('is glad when perplexity falls and warns when it rises', () => {
    const best = { step: 100, value: 1.2 };
    const fallen = collectObservations(writing({ evaluations: [measured(0, 57.4), measured(100, 3.32)], best }), flat);
    assert.deepEqual(
      [fallen[0]?.tone, (fallen[0]?.lead ?? '') + (fallen[0]?.rest ?? '')],
      ['good', 'Validation perplexity 3.320, down from 57.40 for the untouched model.'],
    );
    const risen = collectObservations(writing({ evaluations: [measured(0, 3.1), measured(100, 3.32)], best }), flat);
    assert.deepEqual(
      [risen[0]?.tone, (risen[0]?.lead ?? '') + (risen[0]?.rest ?? '')],
      ['warning', 'Validation perplexity 3.320, up from 3.100 for the untouched model.'],
    );
  });

  it('says how far other words are, and warns only when they became less likely than they were', () => {
    const best = { step: 100, value: 1.2 };
    const state = (before: number) =>
      writing({
        evaluations: [measured(0, before, { split: 'ood' }), measured(100, 4), measured(100, 9, { split: 'ood' })],
        best,
      });
    const say = (before: number) =>
      collectObservations(state(before), flat).find(({ lead }) => lead.startsWith('Out of distribution'));
    assert.equal(say(70)?.tone, 'info');
    assert.equal(say(70)?.rest, ': 2.25 times that of the held-out rows of its own kind.');
    assert.equal(say(8)?.tone, 'warning');
    assert.equal(say(8)?.rest, ', up from 8.000 for the untouched model: 2.25 times that of the held-out rows of its own kind.');
  });

  it('ends with the perplexity of the best checkpoint, or with what chose it', () => {
    const ended = {
      phase: { kind: 'ended', state: 'completed', reason: '' },
      checkpoints: [{ step: 100, path: 'checkpoints/step-000100', bytes: 1, metrics: {} }],
      evaluations: [measured(100, 3.32)],
    } as const;
    const [byLoss] = sentences(writing({ ...ended, best: { step: 100, value: 1.2 } }));
    assert.equal(byLoss, 'Completed. The best checkpoint is step 100, validation perplexity 3.320.');
    const byAccuracy = writing({ ...ended, best: { step: 100, value: 0.5 }, plan: { ...writingPlan, metric: 'accuracy' } });
    assert.equal(sentences(byAccuracy)[0], 'Completed. The best checkpoint is step 100, validation token accuracy 0.500.');
  });

  it('warns of empty answers, all or some, and not where nothing was expected', () => {
    const say = (...completions: string[]) => sentences(writing({ samples: [asked(40, completions)], plan: undefined as never }));
    assert.deepEqual(say('', ' ', ''), ['All 3 answers at step 40 are empty: the model ends at once instead of writing.']);
    assert.deepEqual(say('a', '', 'b'), ['1 of 3 answers at step 40 is empty: the model ends at once instead of writing.']);
    assert.deepEqual(say('a', 'b', 'c'), []);
    const silent = asked(40, ['', 'b'], ['', 'b']);
    assert.deepEqual(sentences(writing({ samples: [silent], plan: undefined as never })), []);
  });

  it('warns when all answers are one, unless one was expected', () => {
    const same = asked(40, ['Yes.', 'Yes.', 'Yes.']);
    const expected = 'All 3 answers at step 40 are the same, whatever was asked. The learning rate may be too high.';
    assert.deepEqual(sentences(writing({ samples: [same], plan: undefined as never })), [expected]);
    const right = asked(40, ['Yes.', 'Yes.'], ['Yes.', 'Yes.']);
    assert.deepEqual(sentences(writing({ samples: [right], plan: undefined as never })), []);
  });

  it('judges only the newest answers, and never the untouched model’s', () => {
    const good = asked(80, ['a', 'b', 'c']);
    assert.deepEqual(sentences(writing({ samples: [asked(0, ['', '', '']), good], plan: undefined as never })), []);
    assert.deepEqual(sentences(writing({ samples: [asked(0, ['', '', ''])], plan: undefined as never })), []);
  });

  it('notes answers that have not moved, from the second evaluation on', () => {
    const [before, first, second] = [0, 40, 80].map((step) => asked(step, ['x', 'y', 'z']));
    assert.ok(before && first && second);
    assert.deepEqual(sentences(writing({ samples: [before, first], plan: undefined as never })), []);
    assert.deepEqual(sentences(writing({ samples: [before, first, second], plan: undefined as never })), [
      'The answers at step 80 are still those of the untouched model.',
    ]);
  });
});

describe('the summary of the held-out chart of a run that learns to write', () => {
  it('tells the same metric of the best and of the newest', () => {
    const evaluations = [measured(0, 57.4), measured(100, 4), measured(200, 5)];
    const state = writing({ evaluations, best: { step: 100, value: Math.log(4) } });
    assert.equal(describeHeldOut(state), '4.000 at step 100; 5.000 at step 200. 100 validation rows.');
  });
});
