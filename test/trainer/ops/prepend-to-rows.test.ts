import assert from 'node:assert/strict';
import { dropFirstComposite, prependComposite, prependToRows, withoutFirst } from '../../../trainer/ops/prepend-to-rows';
import * as tf from '../../../trainer/tensors';
import { assertSameBits, randomBlock, seededRandom } from '../numbers';
import { assertLikeComposite, countKernels, differentiate, read, useWasm } from '../on-backends';

const starts = Int32Array.of(0, 3, 3, 7); // the second row is empty
const matrix = (tensor: tf.Tensor) => tensor as tf.Tensor2D;

describe('prependToRows', () => {
  for (const width of [1, 3, 16, 50]) {
    it(`agrees with its composite for a width of ${width}, gradients too`, async () => {
      const random = seededRandom(width);
      await assertLikeComposite({
        inputs: [randomBlock(random, 2, width), randomBlock(random, 7, width)],
        fused: (front, x) => prependToRows(matrix(front), matrix(x), starts).x,
        composite: (front, x) => prependComposite(matrix(front), matrix(x), starts),
        tolerance: 1e-6,
        what: 'prependToRows',
      });
    });
  }

  it('puts the front before each row, by hand, and adds up what comes back to it', async () => {
    await useWasm();
    const values = (...numbers: number[]) => ({ shape: [numbers.length, 1], values: Float32Array.from(numbers) });
    const inputs = [values(10, 20), values(1, 2, 3, 4, 5, 6, 7)];
    const { value, gradients } = differentiate((front, x) => prependToRows(matrix(front), matrix(x), starts).x, inputs);
    assert.deepEqual([...value], [10, 20, 1, 2, 3, 10, 20, 10, 20, 4, 5, 6, 7]);
    const dy = randomBlock(seededRandom(99), 13, 1).values; // as `differentiate` draws it
    const sum = (...places: number[]) => places.reduce((total, place) => total + (dy[place] ?? NaN), 0);
    const [front = [], x = []] = gradients;
    assert.ok(Math.abs((front[0] ?? NaN) - sum(0, 5, 7)) < 1e-6 && Math.abs((front[1] ?? NaN) - sum(1, 6, 8)) < 1e-6);
    assert.deepEqual(
      [...x],
      [2, 3, 4, 9, 10, 11, 12].map((place) => dy[place]),
    );
  });

  it('makes no gradient for what is not trained', async () => {
    await useWasm();
    const x = tf.ones<tf.Rank.R2>([7, 4]);
    const front = tf.variable(tf.ones<tf.Rank.R2>([2, 4]));
    const counts = await countKernels(() => {
      tf.variableGrads(() => tf.sum(prependToRows(front, x, starts).x), [front]);
    });
    assert.equal(counts.get('TemperWithoutFirst') ?? 0, 0);
    tf.dispose([x, front]);
  });

  it('refuses another width, and rows that end elsewhere', async () => {
    await useWasm();
    const attempt = (width: number, tokens: number) => () =>
      tf.tidy(() => prependToRows(tf.ones([2, 3]), tf.ones([tokens, width]), starts).x);
    assert.throws(attempt(4, 7), /prependToRows: .*do not fit/);
    assert.throws(attempt(3, 8), /prependToRows: .*do not fit/);
  });
});

describe('withoutFirst', () => {
  const longer = Int32Array.of(0, 5, 7, 13);

  it('agrees with its composite, gradients too', async () => {
    await assertLikeComposite({
      inputs: [randomBlock(seededRandom(5), 13, 6)],
      fused: (x) => withoutFirst(matrix(x), longer, 2).x,
      composite: (x) => dropFirstComposite(matrix(x), longer, 2),
      tolerance: 1e-6,
      what: 'withoutFirst',
    });
  });

  it('undoes prependToRows, to the bit', async () => {
    for (const backend of ['cpu', 'wasm']) {
      await (backend === 'cpu' ? tf.setBackend('cpu') : useWasm());
      const x = randomBlock(seededRandom(6), 7, 5);
      tf.tidy(() => {
        const joined = prependToRows(tf.ones([2, 5]), tf.tensor2d(x.values, [7, 5]), starts);
        const back = withoutFirst(joined.x, joined.starts, 2);
        assertSameBits(read(back.x), x.values, backend);
        assert.deepEqual(back.starts, starts);
      });
    }
  });

  it('refuses a row that has fewer tokens', async () => {
    await useWasm();
    assert.throws(() => tf.tidy(() => withoutFirst(tf.ones([7, 3]), starts, 1).x), /withoutFirst, 1 of each row: .*do not fit/);
  });
});
