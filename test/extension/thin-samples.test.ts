import assert from 'node:assert/strict';
import type { SampledFacts } from '../../protocol';
import { cutTexts, thinSamples } from '../../extension/panel/thin-samples';

const sampledAt = (step: number, completion = 'At nine.'): SampledFacts => ({
  step,
  subject: step === 0 ? 'base' : 'trained',
  samples: [{ prompt: 'When?', expected: 'At ten.', completion }],
});
const evaluations = (count: number, completion?: string) =>
  Array.from({ length: count }, (_, index) => sampledAt(index, completion));

describe('thinning the answers of a run', () => {
  it('leaves few as they are', () => {
    assert.deepEqual(thinSamples(evaluations(40)), evaluations(40));
    assert.deepEqual(thinSamples([]), []);
  });

  it('keeps the first and the newest of many, and no more than fit', () => {
    for (const count of [20, 500, 999]) {
      const thinned = thinSamples(evaluations(count, 'x'.repeat(88)), 1000); // 100 characters each: ten fit
      assert.ok(thinned.length <= 10 && thinned.length >= 5, `${count} became ${thinned.length}`);
      assert.equal(thinned[0]?.step, 0);
      assert.equal(thinned.at(-1)?.step, count - 1);
    }
  });

  it('keeps two sets however long they are', () => {
    const steps = thinSamples(evaluations(9, 'x'.repeat(3000)), 100).map(({ step }) => step);
    assert.deepEqual(steps, [0, 8]);
  });

  it('cuts a text of more than 4,000 characters and says by how much', () => {
    const [sample] = cutTexts(sampledAt(1, 'y'.repeat(5000))).samples;
    assert.equal(sample?.completion, `${'y'.repeat(4000)} … (1000 characters more)`);
    assert.equal(sample.expected, 'At ten.');
  });
});
