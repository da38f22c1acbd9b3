/** QLoRA's base: how much of it stays in memory, that it trains as LoRA does on the same weights, and its files both ways. */
import assert from 'node:assert/strict';
import { cpSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createRandom } from '../../../dataset/seeded-random';
import { RunFailure, methodSchema } from '../../../protocol';
import { createBaseLayers, createPackedLayers, type BaseLayers } from '../../../trainer/methods/base-layers';
import { attachMethod } from '../../../trainer/methods/registry';
import { unpackLayer } from '../../../trainer/methods/unpack-base';
import { readModel } from '../../../trainer/model-folder';
import { architectureOf } from '../../../trainer/models/architecture';
import { families } from '../../../trainer/models/registry';
import { decodeNf4Tensors, encodeNf4Tensors } from '../../../trainer/ops/nf4-file';
import { quantizeNf4 } from '../../../trainer/ops/nf4-format';
import {
  encodeSafetensors,
  readRawSafetensors,
  readSafetensors,
  type NamedTensors,
  type RawTensor,
} from '../../../trainer/safetensors';
import * as tf from '../../../trainer/tensors';
import { initializeNormal, sizeOf } from '../../../trainer/initializers';
import { loadUnpackedBase, optionsOf, readMethodCase, type MethodCase } from '../../golden/method-case';
import { assertClose } from '../numbers';
import { useWasm } from '../on-backends';
import { startBackend, temporaryFolder } from '../tiny-training';
import { attach, loadBase, logitsOf } from './attach-golden';

/** Bytes that the linear layers of a base take on the backend's heap, where tensors get when they are first used. */
async function heldBytes(make: () => BaseLayers, modules: readonly string[]): Promise<number> {
  const backend = await useWasm();
  const before = backend.stats().usedBytes;
  const base = make();
  for (const name of modules) {
    const layer = base.linear(name);
    tf.tidy(() => void layer.apply(tf.zeros([1, layer.shape[1]])));
  }
  const held = backend.stats().usedBytes - before;
  base.dispose();
  assert.equal(backend.stats().usedBytes, before, 'everything is freed');
  return held;
}

/** A Llama of a given width with random weights. */
function createLlama(hidden: number, intermediate: number, layers: number) {
  const config = {
    ...{ model_type: 'llama', vocab_size: 64, hidden_size: hidden, intermediate_size: intermediate, num_hidden_layers: layers },
    ...{
      num_attention_heads: 4,
      num_key_value_heads: 2,
      rms_norm_eps: 1e-5,
      tie_word_embeddings: true,
      max_position_embeddings: 64,
    },
  };
  const family = families.get('llama') ?? assert.fail();
  const model = { backbone: family.create(config), head: family.heads['causal-lm']?.(config, 0) ?? assert.fail() };
  const architecture = architectureOf(model);
  return {
    architecture,
    tensors: initializeNormal(architecture.shapes, 0.02, createRandom(1)),
    modelDir: '',
    random: createRandom(2),
  };
}

describe('the base of QLoRA keeps at most 0.6 byte for each parameter of its linear layers', () => {
  for (const [hidden, intermediate, layers] of [
    [64, 192, 2],
    [192, 512, 4],
    [512, 1376, 1],
  ] as const) {
    it(`hidden ${hidden}, feed-forward ${intermediate}, ${layers} layers`, async () => {
      const options = createLlama(hidden, intermediate, layers);
      const { linears, shapes } = options.architecture;
      const parameters = linears.reduce((sum, name) => sum + sizeOf(shapes.get(`${name}.weight`) ?? []), 0);
      const packed = await heldBytes(() => createPackedLayers(options, () => false, []), linears);
      const whole = await heldBytes(() => createBaseLayers(options, () => false), linears);
      assert.ok(packed <= 0.6 * parameters && packed > 0.5 * parameters, `${packed / parameters} byte`);
      assert.ok(whole >= 4 * parameters, `${whole / parameters} bytes unpacked`);
    });
  }
});

describe('a 4-bit base', () => {
  let golden: MethodCase;
  before(async () => {
    await startBackend('wasm');
    golden = await readMethodCase('llama-qlora');
  });
  beforeEach(() => startBackend('wasm'));

  it('is written byte for byte as bitsandbytes writes it, every layer of the fixture', async () => {
    const theirs = await readRawSafetensors(join(golden.model.dir, 'model.safetensors'));
    const { tensors, architecture } = await loadUnpackedBase(golden);
    const ours = new Map(
      architecture.linears.flatMap((module) => {
        const {
          shape: [rows = 0, columns = 0],
          values,
        } = tensors.get(`${module}.weight`) ?? assert.fail(module);
        return [...encodeNf4Tensors(`${module}.weight`, quantizeNf4(values, rows, columns))];
      }),
    );
    assert.equal(ours.size, 14 * 6);
    for (const [name, tensor] of ours) {
      const their = theirs.get(name) ?? assert.fail(`${name} is not in the file of bitsandbytes`);
      assert.deepEqual(rawOf(tensor), { dtype: their.dtype, shape: [...their.shape], bytes: Buffer.from(their.bytes) }, name);
    }
    const packedNames = [...theirs].filter(([name]) => architecture.linears.some((module) => name.startsWith(`${module}.`)));
    assert.equal(packedNames.length, ours.size, 'and nothing else of a packed layer is in it');
  });

  it('has the numbers that bitsandbytes unpacks', () => {
    for (const layer of golden.model.packed ?? []) {
      const [name, { values }] = unpackLayer(layer, new Set());
      assertClose(values, golden.tensors.get(`dequantized.${name}`)?.values ?? assert.fail(name), 0, name);
    }
    assert.equal(golden.model.packed?.size, 14);
  });

  it('is the same packed here and packed by bitsandbytes, and unpacked for other methods', async () => {
    const original = await loadUnpackedBase(golden);
    const qlora = methodSchema.parse({ type: 'qlora' });
    const adapters = [
      attachMethod(qlora, optionsOf(golden.model)),
      attachMethod(methodSchema.parse({ type: 'lora' }), optionsOf(golden.model)),
      attachMethod(qlora, optionsOf(original)),
      attachMethod({ type: 'full' }, optionsOf(golden.model)),
    ];
    const [first, ...others] = adapters.map((adapter) => logitsOf({ ...golden.model, tensors: original.tensors }, adapter));
    assert.ok(first && others.length === 3);
    for (const logits of others) assertClose(logits, first, 1e-5, 'logits');
    for (const adapter of adapters) adapter.dispose();
  });

  it('leaves no whole weight behind in a step, and every tensor as it was', async () => {
    const backend = await useWasm();
    const options = createLlama(512, 1376, 1);
    const adapter = attachMethod(methodSchema.parse({ type: 'qlora', useDora: true, targetModules: 'all-linear' }), options);
    const x = tf.variable(tf.ones<tf.Rank.R2>([4, 512]));
    const step = () => {
      const { value, grads } = tf.variableGrads(
        () => tf.sum(adapter.linear('model.layers.0.mlp.gate_proj', x)),
        [x, ...adapter.trained.values()].slice(0, 1),
      );
      tf.dispose([value, grads]);
    };
    step();
    step();
    const before = backend.stats().usedBytes;
    backend.heap.resetPeak();
    step();
    assert.equal(backend.stats().usedBytes, before);
    const peak = backend.stats().peakBytes - before;
    assert.ok(peak < 512 * 1376 * 4, `${peak} bytes for a weight of ${512 * 1376 * 4}`);
    adapter.dispose();
    x.dispose();
    await startBackend('wasm');
  });

  it('stays float32 where modules are trained in full', async () => {
    const llama = await loadBase('llama-causal-lm');
    const name = 'model.layers.1.mlp.down_proj';
    const adapter = attach({ type: 'qlora', modulesToSave: [name] }, llama);
    const values = adapter.trained.get(`base_model.model.${name}.weight`)?.dataSync<'float32'>() ?? assert.fail();
    assertClose(values, llama.tensors.get(`${name}.weight`)?.values ?? assert.fail(), 0, name);
    adapter.dispose();
  });

  it('turns Conv1D weights before it packs them, and back when it unpacks', async () => {
    const gpt2 = await loadBase('gpt2-causal-lm');
    const adapter = attach({ type: 'qlora' }, gpt2);
    const base = (await adapter.merging?.collectBase()) ?? assert.fail();
    for (const [name, { shape, values }] of base) {
      const original = gpt2.tensors.get(name) ?? assert.fail(name);
      assert.deepEqual(shape, original.shape);
      assertClose(values, original.values, 0.2, name); // a gap of the map, for values of at most one
    }
    adapter.dispose();
  });
});

describe('a folder with 4-bit weights', () => {
  const folder = temporaryFolder('packed');
  const request = { head: 'causal-lm', labels: 0, initialWeights: 'pretrained', seed: 0 } as const;
  const layer = 'model.layers.0.mlp.up_proj.weight';
  let tensors: Map<string, RawTensor>;
  let source: string;
  before(async () => {
    await startBackend('wasm');
    source = (await readMethodCase('llama-qlora')).model.dir;
    cpSync(join(source, 'config.json'), join(folder.path, 'config.json'));
  });
  beforeEach(async () => {
    tensors = new Map(await readRawSafetensors(join(source, 'model.safetensors')));
  });
  after(() => {
    folder.remove();
  });
  const read = () => {
    writeFileSync(join(folder.path, 'model.safetensors'), encodeSafetensors(tensors));
    return readModel(folder.path, request);
  };
  const setState = (change: (text: string) => string) => {
    const name = `${layer}.quant_state.bitsandbytes__nf4`;
    const bytes = new TextEncoder().encode(change(Buffer.from(tensors.get(name)?.bytes ?? []).toString()));
    tensors.set(name, { dtype: 'U8', shape: [bytes.length], bytes });
  };
  const refused = (pattern: RegExp) =>
    assert.rejects(read(), (thrown) => {
      assert.ok(thrown instanceof RunFailure && thrown.error.code === 'bad-model', String(thrown));
      assert.match(thrown.message, pattern);
      return true;
    });

  it('opens when it is as bitsandbytes left it', async () => {
    const { packed, tensors: whole, config } = await read();
    assert.equal(packed?.size, 14);
    assert.ok(!('quantization_config' in config), 'what is written is unpacked');
    assert.deepEqual(
      [...whole.keys()].filter((name) => /quant|absmax|proj/.test(name)),
      [],
    );
  });

  it('is refused for other block sizes and for one quantisation only', async () => {
    setState((text) => text.replace('"blocksize": 64', '"blocksize": 128'));
    await refused(/up_proj\.weight" is not NF4 with double quantisation/);
    setState((text) => text.replace(/, "nested_blocksize.*/, '}').replace('128', '64'));
    await refused(/up_proj\.weight" is not NF4 with double quantisation/);
    setState(() => '{');
    await refused(/quantisation state that is no JSON/);
  });

  it('is refused with every part that is missing or too short', async () => {
    tensors.delete(`${layer}.absmax`);
    tensors.set(layer, { dtype: 'U8', shape: [3, 1], bytes: Uint8Array.of(1, 2, 3) });
    tensors.delete('model.layers.1.mlp.up_proj.weight.nested_absmax');
    await refused(/3 elements of weight instead of 432, 0 elements of absmax instead of 14; .*layers\.1.*nestedAbsmax/);
  });

  it('is refused when a packed layer has another shape than the model, or belongs to none', async () => {
    setState((text) => text.replace('[36, 24]', '[24, 36]'));
    await refused(/up_proj" is packed as \[24, 36\] and should be \[36, 24\]/);
  });

  it('is refused for FP4', async () => {
    const name = `${layer}.quant_state.bitsandbytes__nf4`;
    tensors.set(name.replace('nf4', 'fp4'), tensors.get(name) ?? assert.fail());
    tensors.delete(name);
    await refused(/bitsandbytes__fp4" belongs to a kind of packing/);
  });
});

describe('the tensors of a 4-bit weight', () => {
  it('come back as they went', async () => {
    const file = join(temporaryFolder('nf4-file').path, 'x.safetensors');
    for (const scale of [1, 3e-6, 2e9]) {
      const data = quantizeNf4(
        Float32Array.from({ length: 70 * 9 }, (_, i) => scale * Math.sin(i * i)),
        70,
        9,
      );
      writeFileSync(file, encodeSafetensors(encodeNf4Tensors('a.weight', data)));
      const { packed, tensors } = decodeNf4Tensors('here', await readSafetensors(file), await readRawSafetensors(file));
      assert.deepEqual(packed.get('a'), data);
      assert.equal(tensors.size, 0);
    }
  });

  it('have their offset written as Python writes floats', () => {
    const stateOf = (nestedOffset: number) => {
      const data = { ...quantizeNf4(new Float32Array(2), 1, 2), nestedOffset };
      const state = encodeNf4Tensors('a.weight', data).get('a.weight.quant_state.bitsandbytes__nf4');
      return Buffer.from(state && 'bytes' in state ? state.bytes : []).toString();
    };
    for (const [value, text] of [
      [1, '1.0'],
      [0, '0.0'],
      [0.5, '0.5'],
      [0.00012, '0.00012'],
      [0.000012, '1.2e-05'],
      [1.5e-12, '1.5e-12'],
    ] as const)
      assert.ok(stateOf(value).endsWith(`"nested_offset": ${text}}`), stateOf(value));
  });
});

function rawOf(tensor: NamedTensors extends ReadonlyMap<string, infer Named> ? Named | RawTensor : never) {
  if ('bytes' in tensor) return { dtype: tensor.dtype, shape: [...tensor.shape], bytes: Buffer.from(tensor.bytes) };
  return {
    dtype: 'F32',
    shape: [...tensor.shape],
    bytes: Buffer.from(tensor.values.buffer, tensor.values.byteOffset, tensor.values.byteLength),
  };
}
