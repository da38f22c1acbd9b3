/** The saved models that carry our programs, byte by byte; what TensorFlow makes of them is tested where it is. */
import assert from 'node:assert/strict';
import { encodeSavedModel } from '../../../trainer/backends/tensorflow/graph';
import { encodeBytes, encodeEntry, encodeFloat, encodeInteger } from '../../../trainer/backends/tensorflow/protobuf';

describe('the protobuf writer', () => {
  it('writes the examples of the format’s own description', () => {
    assert.deepEqual([...encodeInteger(1, 150)], [0x08, 0x96, 0x01]);
    assert.deepEqual([...encodeBytes(2, 'testing')], [0x12, 0x07, 0x74, 0x65, 0x73, 0x74, 0x69, 0x6e, 0x67]);
  });

  it('writes fields beyond 15 and integers beyond 31 bits', () => {
    assert.deepEqual([...encodeInteger(16, 0xffffffff)], [0x80, 0x01, 0xff, 0xff, 0xff, 0xff, 0x0f]);
  });

  it('writes a negative integer in ten bytes', () => {
    assert.deepEqual([...encodeInteger(1, -1)], [0x08, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01]);
  });

  it('writes a float in little-endian order', () => {
    assert.deepEqual([...encodeFloat(5, 1)], [0x2d, 0, 0, 0x80, 0x3f]);
  });

  it('writes a map entry as a message of key and value', () => {
    assert.deepEqual([...encodeEntry(1, 'a', encodeInteger(3, 1))], [0x0a, 0x07, 0x0a, 0x01, 0x61, 0x12, 0x02, 0x18, 0x01]);
  });
});

describe('a saved model', () => {
  const encode = (compiled: boolean) =>
    encodeSavedModel([{ name: 'x', type: 'float32' }], (graph, x) => [graph.op('Square', [x]), x], compiled);

  it('has an output for each value of the function', () => {
    assert.equal(encode(false).outputs, 2);
  });

  it('asks for XLA in the function and in the call when compiled, and not otherwise', () => {
    const count = (bytes: Buffer) => bytes.toString('latin1').split('_XlaMustCompile').length - 1;
    assert.equal(count(encode(false).bytes), 0);
    assert.equal(count(encode(true).bytes), 2);
  });
});
