import assert from 'node:assert/strict';
import { HeapExhausted } from '../../../trainer/backends/wasm/heap';
import { registerWasmBackend } from '../../../trainer/backends/wasm/register';
import { dense } from '../../../trainer/ops/dense';
import * as tf from '../../../trainer/tensors';
import { read, useWasm } from '../on-backends';

const MB = 1024 * 1024;

describe('WasmBackend', () => {
  it('has every kernel of the cpu backend', async () => {
    await useWasm();
    const here = new Set(tf.getKernelsForBackend(tf.getBackend()).map(({ kernelName }) => kernelName));
    const missing = tf.getKernelsForBackend('cpu').filter(({ kernelName }) => !here.has(kernelName));
    assert.deepEqual(missing, []);
  });

  it('frees the heap when tensors are disposed', async () => {
    const backend = await useWasm();
    const before = backend.stats().usedBytes;
    const y = tf.tidy(() => dense(tf.ones([64, 64]), tf.ones([64, 64])));
    assert.equal(backend.stats().usedBytes, before + 64 * 64 * 4);
    const alias = tf.reshape(y, [4096]);
    y.dispose();
    assert.equal(read(alias)[0], 64);
    alias.dispose();
    assert.equal(backend.stats().usedBytes, before);
  });

  it('keeps a slice alive when what it was cut from is disposed and its block used again', async () => {
    await useWasm();
    const source = tf.tidy(() => dense(tf.tensor2d([[1], [2], [3]]), tf.tensor2d([[1], [10]]))); // on the heap
    const slice = tf.slice(source, [1, 0], [2, 2]);
    source.dispose();
    const overwriting = tf.tidy(() => dense(tf.ones([3, 1]), tf.tensor2d([[-7], [-7]])));
    assert.deepEqual([...read(slice)], [2, 20, 3, 30]);
    tf.dispose([slice, overwriting]);
  });

  it('hands out copies: what was read does not change with the tensor', async () => {
    await useWasm();
    const variable = tf.variable(tf.tidy(() => dense(tf.ones([1, 1]), tf.ones([2, 1]))));
    const values = variable.dataSync();
    assert.ok(!(values.buffer instanceof SharedArrayBuffer));
    values[0] = 99;
    assert.deepEqual([...read(variable)], [1, 1]);
    variable.dispose();
  });

  it('takes over tensors of another backend, and gives them back', async () => {
    await tf.setBackend('cpu');
    const x = tf.tensor2d([[1, 2]]);
    await useWasm();
    const y = dense(x, tf.tensor2d([[3, 4]]));
    await tf.setBackend('cpu');
    const z = tf.add(y, 1);
    assert.deepEqual([...read(z)], [12]);
    tf.dispose([x, y, z]);
  });

  it('throws HeapExhausted with numbers, keeps nothing of the failed call, and works on', async () => {
    const backend = registerWasmBackend({ threads: 1, limitBytes: 8 * MB, name: 'test-wasm-small' });
    await tf.setBackend('test-wasm-small');
    const x = tf.ones<tf.Rank.R2>([1024, 512]);
    const used = backend.stats().usedBytes;
    const tensors = tf.memory().numTensors;
    assert.throws(
      () => tf.tidy(() => dense(x, tf.ones([2048, 512]))),
      (error) => {
        assert.ok(error instanceof HeapExhausted);
        assert.equal(error.limitBytes, 8 * MB);
        assert.ok(error.askedBytes === 2048 * 512 * 4 || error.askedBytes === 1024 * 2048 * 4);
        return true;
      },
    );
    assert.equal(tf.memory().numTensors, tensors);
    assert.ok(backend.stats().usedBytes <= used + 1024 * 512 * 4); // x itself may have moved to the heap
    assert.equal(tf.tidy(() => read(dense(x, tf.ones([1, 512]))))[0], 512);
    x.dispose();
    tf.removeBackend('test-wasm-small');
  });

  it('registered twice under one name is the new one', async () => {
    const first = registerWasmBackend({ threads: 1, name: 'test-wasm-twice' });
    const second = registerWasmBackend({ threads: 2, name: 'test-wasm-twice' });
    await tf.setBackend('test-wasm-twice');
    assert.equal(tf.backend(), second);
    assert.notEqual(first, second);
    assert.equal(tf.tidy(() => read(dense(tf.ones([1, 1]), tf.ones([1, 1]))))[0], 1);
    tf.removeBackend('test-wasm-twice');
  });
});
