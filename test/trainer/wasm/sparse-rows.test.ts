/** The gradient of an embedding table stays sparse until somebody looks at it, and nobody can tell the difference. */
import assert from 'node:assert/strict';
import { adamWStep } from '../../../trainer/ops/adamw';
import { embedding } from '../../../trainer/ops/embedding';
import { sumOfSquares } from '../../../trainer/ops/sum-of-squares';
import * as tf from '../../../trainer/tensors';
import { assertClose, assertSameBits, randomBlock, seededRandom } from '../numbers';
import { read, useWasm } from '../on-backends';

const [vocabulary, hidden] = [50, 7];
const ids = [3, 49, 3, 0, 17, 3];
const table = randomBlock(seededRandom(1), vocabulary, hidden);

/** d/dtable of Σ embedding², a new tensor. */
function gradientOfTable(): tf.Tensor {
  const loss = (x: tf.Tensor) => tf.sum(tf.square(embedding(x as tf.Tensor2D, tf.tensor1d(ids, 'int32'))));
  return tf.tidy(() => tf.grad(loss)(tf.tensor2d(table.values, [vocabulary, hidden])));
}

function gradientByHand(): Float32Array {
  const gradient = new Float32Array(vocabulary * hidden);
  for (const id of ids) {
    for (let column = 0; column < hidden; column++) {
      const at = id * hidden + column;
      gradient[at] = (gradient[at] ?? 0) + 2 * (table.values[at] ?? NaN);
    }
  }
  return gradient;
}

describe('the gradient of an embedding table', () => {
  it('holds the rows that were looked up, and becomes a whole matrix when it is read', async () => {
    const backend = await useWasm();
    const gradient = gradientOfTable();
    const sparse = backend.sparseRowsOf(gradient);
    assert.ok(sparse);
    assert.deepEqual([...backend.valuesOf(sparse.rows)], [0, 3, 17, 49]);
    assertClose(read(gradient), gradientByHand(), 1e-6, 'gradient');
    assert.equal(backend.sparseRowsOf(gradient), undefined);
    gradient.dispose();
  });

  it('is a whole matrix for kernels of ours and for those of the cpu backend', async () => {
    await useWasm();
    const expected = gradientByHand();
    for (const operation of [tf.abs, (x: tf.Tensor) => tf.add(x, x), tf.relu, (x: tf.Tensor) => tf.transpose(tf.transpose(x))]) {
      await tf.setBackend('cpu');
      const wanted = tf.tidy(() => read(operation(tf.tensor2d(expected, [vocabulary, hidden]))));
      await useWasm();
      const gradient = gradientOfTable();
      assertClose(
        tf.tidy(() => read(operation(gradient))),
        wanted,
        1e-6,
        operation.name,
      );
      gradient.dispose();
    }
  });

  it('leaves the heap as it was, looked at or not', async () => {
    const backend = await useWasm();
    const before = { heap: backend.stats().usedBytes, ids: backend.numDataIds(), tensors: tf.memory().numTensors };
    for (const look of [false, true]) {
      const gradient = gradientOfTable();
      if (look) read(gradient);
      gradient.dispose();
      const after = { heap: backend.stats().usedBytes, ids: backend.numDataIds(), tensors: tf.memory().numTensors };
      assert.deepEqual(after, before);
    }
  });

  it('has the sum of squares of the whole matrix', async () => {
    await useWasm();
    const gradient = gradientOfTable();
    const sum = sumOfSquares(gradient);
    const expected = gradientByHand().reduce((total, value) => total + value * value, 0);
    assertClose(read(sum), [expected], 1e-6, 'sum');
    tf.dispose([gradient, sum]);
  });

  for (const threads of [1, 2]) {
    it(`moves the parameter as the whole matrix does, bit by bit, and rows without a gradient too (${threads} threads)`, async () => {
      await useWasm({ build: 'relaxed', threads });
      assertSameBits(trainTable(false), trainTable(true), 'parameter and moments after three steps');
    });
  }
});

/** Three updates of a table, with the gradient as it comes or looked at before. */
function trainTable(look: boolean): Float32Array {
  return tf.tidy(() => {
    const variable = (values: Float32Array) => tf.tidy(() => tf.variable(tf.tensor2d(values, [vocabulary, hidden])));
    const parameter = variable(table.values);
    const [firstMoment, secondMoment] = [variable(new Float32Array(350).fill(0.1)), variable(new Float32Array(350).fill(0.2))];
    for (let step = 1; step <= 3; step++) {
      const gradient = gradientOfTable();
      if (look) read(gradient);
      const rates = { learningRate: 0.01, beta1: 0.9, beta2: 0.99, epsilon: 1e-8, weightDecay: 0.1, gradientScale: 0.5 };
      adamWStep({ parameter, gradient, firstMoment, secondMoment, step, ...rates });
    }
    const all = [parameter, firstMoment, secondMoment].flatMap((tensor) => [...read(tensor)]);
    tf.dispose([parameter, firstMoment, secondMoment]);
    return Float32Array.from(all);
  });
}
