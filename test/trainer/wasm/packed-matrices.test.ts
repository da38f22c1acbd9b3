import assert from 'node:assert/strict';
import { Heap, HeapExhausted } from '../../../trainer/backends/wasm/heap';
import { PackedMatrices } from '../../../trainer/backends/wasm/packed-matrices';
import { registerWasmBackend } from '../../../trainer/backends/wasm/register';
import { adamWStep } from '../../../trainer/ops/adamw';
import { dense } from '../../../trainer/ops/dense';
import * as tf from '../../../trainer/tensors';
import { randomBlock, seededRandom } from '../numbers';
import { read } from '../on-backends';

const bytes = 100_000;

function failToPack(): never {
  throw new Error('Nothing should be packed here.');
}

describe('packed matrices', () => {
  it('are kept from the second product on, each way by itself', () => {
    const packed = new PackedMatrices(new Heap());
    const [matrix, packs] = [{}, [] as number[]];
    const find = (transposed: boolean) => packed.find(matrix, transposed, bytes, (address) => packs.push(address));
    assert.equal(find(false), undefined);
    const address = find(false);
    assert.ok(address);
    assert.equal(find(false), address);
    assert.equal(find(true), undefined);
    assert.deepEqual(packs, [address]);
  });

  it('are not worth it when they are small', () => {
    const packed = new PackedMatrices(new Heap());
    for (let i = 0; i < 3; i++) assert.equal(packed.find(packed, false, 1000, failToPack), undefined);
  });

  it('go with their matrix, and leave the heap as it was', () => {
    const heap = new Heap();
    const packed = new PackedMatrices(heap);
    for (let i = 0; i < 2; i++) packed.find(packed, false, bytes, () => undefined);
    assert.ok(heap.stats().usedBytes >= bytes);
    packed.forget(packed);
    assert.equal(heap.stats().usedBytes, 0);
    assert.equal(packed.clear(), false);
  });

  it('are not kept where the heap has no room for them', () => {
    const packed = new PackedMatrices(new Heap(2 * 65536));
    for (let i = 0; i < 3; i++) assert.equal(packed.find(packed, false, bytes, failToPack), undefined);
  });
});

describe('the wasm backend with packed weights', () => {
  const random = seededRandom(4);
  const values = { x: randomBlock(random, 9, 64), weight: randomBlock(random, 80, 64), gradient: randomBlock(random, 80, 64) };

  it('computes with the new values after an update in place', async () => {
    registerWasmBackend({ threads: 1, name: 'packed' });
    await tf.setBackend('packed');
    const x = tf.tensor2d(values.x.values, [9, 64]);
    const variable = (numbers: Float32Array) => tf.tidy(() => tf.variable(tf.tensor2d(numbers, [80, 64])));
    const parameter = variable(values.weight.values);
    const zeros = () => variable(new Float32Array(80 * 64));
    const [firstMoment, secondMoment, gradient] = [zeros(), zeros(), tf.tensor2d(values.gradient.values, [80, 64])];
    const product = () => read(dense(x, parameter));
    for (let i = 0; i < 3; i++) product(); // packed and kept by now
    const settings = { step: 1, learningRate: 0.1, beta1: 0.9, beta2: 0.99, epsilon: 1e-8, weightDecay: 0, gradientScale: 1 };
    adamWStep({ parameter, gradient, firstMoment, secondMoment, ...settings });
    const after = product();
    const fresh = read(dense(x, tf.tensor2d(read(parameter), [80, 64])));
    assert.deepEqual(after, fresh);
    tf.dispose([x, parameter, firstMoment, secondMoment, gradient]);
  });

  it('gives packed forms back before it says that the heap is exhausted', async () => {
    const backend = registerWasmBackend({ threads: 1, name: 'packed', limitBytes: 8 * 2 ** 20 });
    await tf.setBackend('packed');
    const x = tf.tensor2d(values.x.values, [9, 64]);
    const weight = tf.tensor2d(values.weight.values, [80, 64]);
    for (let i = 0; i < 3; i++) dense(x, weight).dispose();
    const { usedBytes } = backend.stats();
    const room = backend.heap.limitBytes - 65536 - usedBytes;
    const large = backend.output([(room + 8192) / 4]); // fits only where the packed weight was
    assert.ok(backend.stats().usedBytes < usedBytes + room + 8192);
    assert.throws(() => backend.output([2 ** 21]), HeapExhausted);
    backend.disposeData(large.dataId);
    tf.dispose([x, weight]);
  });
});
