import assert from 'node:assert/strict';
import { collectRunState, type UnnumberedEvent } from '../../protocol';
import { describeBest, describeMetrics, describeRun, formatBytes, progressOf } from '../../extension/experiments/describe-run';
import { exampleEvents } from '../protocol/example-events';
import { step } from './told-run';

const { planned, improved, evaluated, progress, stopping, ended } = exampleEvents;

/** The fold asks for numbers; nothing else is looked at here. */
const stateOf = (...events: UnnumberedEvent[]) =>
  collectRunState(events.map((event, index) => ({ seq: index + 1, atMs: index, ...event })));

describe('a run in a few words', () => {
  it('says what is being done before the first step', () => {
    assert.equal(describeRun(stateOf()), 'starting');
    assert.equal(describeRun(stateOf(progress)), 'Reading train.jsonl');
  });

  it('says step and best metric while it trains', () => {
    assert.equal(describeRun(stateOf(planned, step(62))), 'training · step 62/171');
    assert.equal(describeRun(stateOf(planned, step(62), improved)), 'training · step 62/171 · F1 0.875');
    assert.equal(describeRun(stateOf(planned, step(62), stopping)), 'stopping · step 62/171');
  });

  it('says how it ended, and no step', () => {
    assert.equal(describeRun(stateOf(planned, step(171), improved, ended)), 'failed · F1 0.875');
  });

  it('knows how far it is', () => {
    assert.equal(progressOf(stateOf()), undefined);
    assert.equal(progressOf(stateOf(planned)), 0);
    assert.equal(progressOf(stateOf(planned, step(171))), 1);
  });

  it('tells the loss of a run that learns to write as its perplexity, and token accuracy by that name', () => {
    const writing: UnnumberedEvent = { ...planned, labels: [], metric: 'loss' };
    const best: UnnumberedEvent = { ...improved, metric: 'loss', value: 1.23 };
    const metrics = { loss: 1.23, perplexity: 3.4212, accuracy: 0.662 };
    const measured: UnnumberedEvent = { ...evaluated, metrics };
    const elsewhere: UnnumberedEvent = { ...evaluated, split: 'ood', metrics: { loss: 3, perplexity: 20.1 } };
    assert.equal(describeRun(stateOf(writing, step(7), measured, best, elsewhere)), 'training · step 7/171 · ppl 3.421');
    assert.equal(describeBest(stateOf(writing, best)), 'loss 1.230');
    const byAccuracy = stateOf({ ...planned, labels: [], metric: 'accuracy' }, measured, { ...improved, value: 0.662 });
    assert.equal(describeBest(byAccuracy), 'ppl 3.421 · token acc 0.662');
    assert.equal(describeMetrics(metrics), 'ppl 3.421 · token acc 0.662 · loss 1.230');
  });

  it('prints metrics that are there, and sizes as people read them', () => {
    assert.equal(describeMetrics({ loss: 0.4125, accuracy: 0.9 }), 'acc 0.900 · loss 0.412');
    assert.equal(describeMetrics({}), '');
    assert.deepEqual([0, 999, 1000, 1_940_000, 2.5e9].map(formatBytes), ['0 B', '999 B', '1.0 kB', '1.9 MB', '2.5 GB']);
  });
});
