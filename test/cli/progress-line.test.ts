/** What people at a terminal read of a run's events. */
import assert from 'node:assert/strict';
import type { EvaluationFacts, RunEvent } from '../../protocol';
import { describeEvent } from '../../trainer/cli/progress-line';

const at = { seq: 1, atMs: 0 };
const evaluated = (facts: Partial<EvaluationFacts>): RunEvent => {
  const usual = { step: 4, split: 'test', subject: 'trained', rows: 10, metrics: {}, evaluationMs: 1 } as const;
  return { ...at, kind: 'evaluated', ...usual, ...facts };
};

describe('the lasting line of an event', () => {
  it('tells the figures that a measurement has, and no others', () => {
    const labels = { metrics: { loss: 0.5, accuracy: 0.825, macroF1: 0.8 }, accuracyInterval: { low: 0.747, high: 0.883 } };
    assert.equal(
      describeEvent(evaluated(labels)),
      'test       step 4                      accuracy 0.825 (0.747 to 0.883)  macro F1 0.800  loss 0.500',
    );
    assert.equal(
      describeEvent(evaluated({ subject: 'base', metrics: { loss: 2, perplexity: 7.389, accuracy: 0.25 } })),
      'test       untouched model             accuracy 0.250  perplexity 7.389  loss 2.000',
    );
  });

  it('leaves an error to where its hint is told', () => {
    const ended = { ...at, kind: 'ended', reason: 'It broke.' } as const;
    const error = { code: 'internal', message: 'It broke.', hint: 'Mend it.' } as const;
    assert.equal(describeEvent({ ...ended, state: 'failed', error }), undefined);
    assert.match(describeEvent({ ...ended, state: 'completed', reason: 'Done.' }) ?? '', /completed.*: Done\./);
  });
});
