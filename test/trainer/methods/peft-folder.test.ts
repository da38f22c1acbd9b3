/** Adapters from elsewhere: which of PEFT's settings are followed, which are refused, and that nothing is half loaded. */
import assert from 'node:assert/strict';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { RunFailure } from '../../../protocol';
import type { Adapter } from '../../../trainer/methods/method';
import { attachPeft, isPeftFolder, readPeftFile } from '../../../trainer/methods/peft-folder';
import { encodeSafetensors, type NamedTensor, type NamedTensors } from '../../../trainer/safetensors';
import * as tf from '../../../trainer/tensors';
import { assertSameBits } from '../numbers';
import { startBackend, temporaryFolder } from '../tiny-training';
import { attach, disturb, loadBase, logitsOf, optionsFor, type Loaded } from './attach-golden';

const folder = temporaryFolder('peft-folder');
let llama: Loaded;
let bert: Loaded;
/** What the written adapter computes, and what it holds. */
let expected: Float32Array;
let tensors: Map<string, NamedTensor>;
let config: Record<string, unknown>;

after(() => {
  folder.remove();
});

/** A changed adapter of ours, as PEFT would write it. */
async function describeAdapter(method: Record<string, unknown>, model: Loaded): Promise<void> {
  const adapter = attach(method, model);
  disturb(adapter);
  expected = logitsOf(model, adapter);
  tensors = new Map(await adapter.collectTensors());
  config = { ...(adapter.configFiles.get('adapter_config.json') as Record<string, unknown>), peft_version: '0.21.2' }; // ours is an object
  adapter.dispose();
}

async function open(model: Loaded = llama): Promise<Adapter> {
  writeFileSync(join(folder.path, 'adapter_config.json'), JSON.stringify(config));
  writeFileSync(join(folder.path, 'adapter_model.safetensors'), encodeSafetensors(tensors));
  return attachPeft(folder.path, optionsFor(model));
}

async function assertOpens(model: Loaded = llama): Promise<void> {
  const adapter = await open(model);
  assertSameBits(logitsOf(model, adapter), expected, 'logits');
  adapter.dispose();
}

async function assertRefused(...parts: readonly (string | RegExp)[]): Promise<void> {
  const before = tf.memory().numTensors;
  await assert.rejects(open(), (thrown) => {
    assert.ok(thrown instanceof RunFailure);
    assert.equal(thrown.error.code, 'bad-checkpoint');
    for (const part of parts)
      assert.ok(typeof part === 'string' ? thrown.message.includes(part) : part.test(thrown.message), thrown.message);
    return true;
  });
  assert.equal(tf.memory().numTensors, before, 'no tensor is left behind');
}

describe("an adapter of PEFT's", () => {
  before(async () => {
    await startBackend('cpu');
    llama = await loadBase('llama-causal-lm');
    bert = await loadBase('bert-sequence-classification');
  });
  beforeEach(() => describeAdapter({ type: 'lora', r: 2 }, llama));

  it('says what it is before it is opened', async () => {
    (await open()).dispose();
    assert.ok(isPeftFolder(folder.path));
    const { peft_type: type, task_type: task } = await readPeftFile(folder.path);
    assert.deepEqual([type, task], ['LORA', 'CAUSAL_LM']);
  });

  it('opens with everything that PEFT says and that changes nothing', async () => {
    const nothing = {
      loftq_config: {},
      megatron_config: null,
      megatron_core: 'megatron.core',
      qalora_group_size: 16,
      lora_bias: false,
    };
    Object.assign(config, nothing, {
      auto_mapping: { base_model_class: 'LlamaForCausalLM' },
      layer_replication: null,
      fan_in_fan_out: true,
    });
    await assertOpens();
  });

  it('opens with target modules of which the model has only some', async () => {
    config['target_modules'] = ['q_proj', 'v_proj', 'query_key_value'];
    await assertOpens();
  });

  it('refuses target modules of which the model has none, by name', async () => {
    config['target_modules'] = ['query', 'value'];
    await assert.rejects(open(), /names "query", "value", which is no linear layer or embedding/);
  });

  it('opens with a pattern for its targets, a number for its layers, and an odd start', async () => {
    config['target_modules'] = String.raw`.*\.(?P<name>q_proj|v_proj)`;
    config['init_lora_weights'] = 'orthogonal';
    await assertOpens();
    await describeAdapter({ type: 'lora', r: 2, layersToTransform: [1] }, llama);
    config['layers_to_transform'] = 1;
    config['layers_pattern'] = 'layers';
    await assertOpens();
  });

  it('opens with a head among modules that the model does not have, and with the copies that bias="all" leaves', async () => {
    await describeAdapter({ type: 'lora', r: 2, bias: 'all' }, bert);
    config['modules_to_save'] = ['classifier', 'score'];
    const bias = tensors.get('base_model.model.classifier.bias') ?? assert.fail();
    const stale = { shape: bias.shape, values: bias.values.map(() => 7) };
    tensors.set('base_model.model.classifier.modules_to_save.bias', bias);
    tensors.set('base_model.model.classifier.original_module.bias', stale);
    await assertOpens(bert);
  });

  it('opens without a head when it has none: the base keeps its own', async () => {
    await describeAdapter({ type: 'lora', r: 2 }, bert);
    config['modules_to_save'] = null;
    for (const part of ['weight', 'bias']) tensors.delete(`base_model.model.classifier.${part}`);
    const adapter = await open(bert);
    assert.ok(![...adapter.trained.keys()].some((name) => name.includes('classifier')));
    adapter.dispose();
  });

  it("opens with Conv1D modules in full, which lie [in, out] in its file as in the model's", async () => {
    const gpt2 = await loadBase('gpt2-causal-lm');
    await describeAdapter({ type: 'lora', r: 2, modulesToSave: ['h.1.attn.c_attn'] }, gpt2);
    assert.deepEqual(tensors.get('base_model.model.transformer.h.1.attn.c_attn.weight')?.shape, [20, 60]);
    await assertOpens(gpt2);
  });

  it('brings its own embeddings when the file has them', async () => {
    await describeAdapter({ type: 'lora', r: 2, targetModules: ['embed_tokens'] }, llama);
    const table = llama.tensors.get('model.embed_tokens.weight') ?? assert.fail();
    tensors.set('base_model.model.model.embed_tokens.base_layer.weight', table);
    await assertOpens();
    tensors.set('base_model.model.model.embed_tokens.base_layer.weight', {
      ...table,
      values: table.values.map((value) => 2 * value),
    });
    const adapter = await open();
    assert.notDeepEqual(logitsOf(llama, adapter), expected);
    adapter.dispose();
  });

  for (const [key, value] of [
    ['layer_replication', [[0, 2]]],
    ['target_parameters', ['mlp.weight']],
    ['trainable_token_indices', [1, 2]],
    ['megatron_config', { tensor_model_parallel_size: 2 }],
    ['lora_bias', true],
    ['use_qalora', true],
    ['alora_invocation_tokens', [5]],
    ['a_key_of_the_future', 'x'],
    ['init_lora_weights', 'pissa_niter_4'],
  ] as const) {
    it(`is refused by name for ${key} ${JSON.stringify(value)}`, async () => {
      config[key] = value;
      await assertRefused(`"${key}"`);
    });
  }

  it('is refused with everything that cannot be followed at once', async () => {
    Object.assign(config, { lora_bias: true, use_qalora: true });
    await assertRefused('"lora_bias"', '"use_qalora"');
    config = { peft_type: 'LORA', r: -1, lora_alpha: 'much' };
    await assertRefused('"r"', '"lora_alpha"');
  });

  it('is refused with everything that is missing, misshapen or too much at once', async () => {
    const name = (layer: number, part: string) => `base_model.model.model.layers.${layer}.self_attn.q_proj.${part}.weight`;
    tensors.delete(name(0, 'lora_A'));
    tensors.set(name(1, 'lora_B'), { shape: [3, 2], values: new Float32Array(6) });
    tensors.set(name(7, 'lora_A'), { shape: [2, 24], values: new Float32Array(48) });
    await assertRefused(name(0, 'lora_A'), /lora_B\.weight" is \[3, 2\].*should be \[24, 2\]/, name(7, 'lora_A'));
  });

  it('is refused when nothing in it belongs to the model', async () => {
    tensors = new Map([...tensors].map(([name, tensor]) => [name.replace('base_model.model.', 'other.'), tensor]));
    await assertRefused('none of its 8 tensors belongs to this model');
  });

  it('is refused when it is of a kind that is not read, has no tensors, or no configuration', async () => {
    config['peft_type'] = 'BOFT';
    await assertRefused('"BOFT"');
    config['peft_type'] = 'LORA';
    tensors = new Map() as Map<string, NamedTensor> & NamedTensors;
    await assertRefused('none of its 0 tensors');
    rmSync(join(folder.path, 'adapter_config.json'));
    assert.ok(!isPeftFolder(folder.path));
    await assert.rejects(attachPeft(folder.path, optionsFor(llama)), /adapter_config\.json cannot be read/);
  });
});
