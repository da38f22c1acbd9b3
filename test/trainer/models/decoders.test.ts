/**
 * Decoders by themselves: configurations as the hub has them, what is refused, what a person is told. That their numbers
 * are PyTorch's is shown in test/golden.
 */
import assert from 'node:assert/strict';
import { cpSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createRandom } from '../../../dataset/seeded-random';
import { attachMethod } from '../../../trainer/methods/registry';
import { countParameters } from '../../../trainer/methods/parameters';
import { readModel } from '../../../trainer/model-folder';
import type { TextModel } from '../../../trainer/models/model';
import { families } from '../../../trainer/models/registry';
import { computeLogits, runBackbone } from '../../../trainer/models/run-backbone';
import { startsOf } from '../../../trainer/ops/sequences';
import { readSafetensors } from '../../../trainer/safetensors';
import * as tf from '../../../trainer/tensors';
import { goldenDir } from '../../golden/golden-dir';
import { loadGoldenModel } from '../../golden/golden-model';
import { encodeRaw, type RawTensor } from '../tiny-model';
import { temporaryFolder } from '../temporary-folder';
import { configWith, startBackend } from '../tiny-training';

/** config.json of models on the hub, without what no model reads, and how many parameters their cards count. */
const hub: Readonly<Record<string, { parameters: number; maxLength: number; config: Record<string, unknown> }>> = {
  'openai-community/gpt2': {
    parameters: 124_439_808,
    maxLength: 1024,
    config: {
      model_type: 'gpt2',
      activation_function: 'gelu_new',
      attn_pdrop: 0.1,
      embd_pdrop: 0.1,
      layer_norm_epsilon: 1e-5,
      n_ctx: 1024,
      n_embd: 768,
      n_head: 12,
      n_layer: 12,
      n_positions: 1024,
      resid_pdrop: 0.1,
      task_specific_params: { 'text-generation': { do_sample: true, max_length: 50 } },
      vocab_size: 50_257,
    },
  },
  'HuggingFaceTB/SmolLM2-135M': {
    parameters: 134_515_008,
    maxLength: 8192,
    config: {
      model_type: 'llama',
      attention_bias: false,
      attention_dropout: 0,
      hidden_act: 'silu',
      hidden_size: 576,
      intermediate_size: 1536,
      is_llama_config: true,
      max_position_embeddings: 8192,
      num_attention_heads: 9,
      num_hidden_layers: 30,
      num_key_value_heads: 3,
      pretraining_tp: 1,
      rms_norm_eps: 1e-5,
      rope_interleaved: false,
      rope_scaling: null,
      rope_theta: 100_000,
      tie_word_embeddings: true,
      torch_dtype: 'bfloat16',
      vocab_size: 49_152,
    },
  },
  'meta-llama/Llama-3.2-1B': {
    parameters: 1_235_814_400,
    maxLength: 131_072,
    config: {
      model_type: 'llama',
      head_dim: 64,
      hidden_act: 'silu',
      hidden_size: 2048,
      intermediate_size: 8192,
      max_position_embeddings: 131_072,
      mlp_bias: false,
      num_attention_heads: 32,
      num_hidden_layers: 16,
      num_key_value_heads: 8,
      rms_norm_eps: 1e-5,
      rope_scaling: { factor: 32, high_freq_factor: 4, low_freq_factor: 1, original_max_position_embeddings: 8192, rope_type: 'llama3' },
      rope_theta: 500_000,
      tie_word_embeddings: true,
      vocab_size: 128_256,
    },
  },
  'mistralai/Mistral-7B-v0.1': {
    parameters: 7_241_732_096,
    maxLength: 32_768,
    config: {
      model_type: 'mistral',
      hidden_act: 'silu',
      hidden_size: 4096,
      intermediate_size: 14_336,
      max_position_embeddings: 32_768,
      num_attention_heads: 32,
      num_hidden_layers: 32,
      num_key_value_heads: 8,
      rms_norm_eps: 1e-5,
      rope_theta: 10_000,
      sliding_window: 4096,
      tie_word_embeddings: false,
      vocab_size: 32_000,
    },
  },
  'Qwen/Qwen2.5-0.5B-Instruct': {
    parameters: 494_032_768,
    maxLength: 32_768,
    config: {
      model_type: 'qwen2',
      attention_dropout: 0,
      hidden_act: 'silu',
      hidden_size: 896,
      intermediate_size: 4864,
      max_position_embeddings: 32_768,
      max_window_layers: 21,
      num_attention_heads: 14,
      num_hidden_layers: 24,
      num_key_value_heads: 2,
      rms_norm_eps: 1e-6,
      rope_theta: 1_000_000,
      sliding_window: 32_768,
      tie_word_embeddings: true,
      use_sliding_window: false,
      vocab_size: 151_936,
    },
  },
  'Qwen/Qwen3-0.6B': {
    parameters: 596_049_920,
    maxLength: 40_960,
    config: {
      model_type: 'qwen3',
      attention_bias: false,
      head_dim: 128,
      hidden_act: 'silu',
      hidden_size: 1024,
      intermediate_size: 3072,
      max_position_embeddings: 40_960,
      max_window_layers: 28,
      num_attention_heads: 16,
      num_hidden_layers: 28,
      num_key_value_heads: 8,
      rms_norm_eps: 1e-6,
      rope_scaling: null,
      rope_theta: 1_000_000,
      sliding_window: null,
      tie_word_embeddings: true,
      use_sliding_window: false,
      vocab_size: 151_936,
    },
  },
  'HuggingFaceTB/SmolLM3-3B': {
    parameters: 3_075_098_624,
    maxLength: 65_536,
    config: {
      model_type: 'smollm3',
      attention_bias: false,
      hidden_act: 'silu',
      hidden_size: 2048,
      intermediate_size: 11_008,
      layer_types: Array.from({ length: 36 }, () => 'full_attention'),
      max_position_embeddings: 65_536,
      max_window_layers: 28,
      mlp_bias: false,
      no_rope_layer_interval: 4,
      no_rope_layers: Array.from({ length: 36 }, (_, layer) => (layer % 4 === 3 ? 0 : 1)),
      num_attention_heads: 16,
      num_hidden_layers: 36,
      num_key_value_heads: 4,
      rms_norm_eps: 1e-6,
      rope_scaling: null,
      rope_theta: 5_000_000,
      sliding_window: null,
      use_sliding_window: false,
      vocab_size: 128_256,
    },
  },
};

const configOf = (name: string, change: Record<string, unknown> = {}) => ({ ...hub[name]?.config, ...change });
const create = (config: Record<string, unknown>) => familyOf(config).create(config);
const familyOf = ({ model_type: type }: Record<string, unknown>) => families.get(String(type)) ?? assert.fail(`no family for ${String(type)}`);

describe('the configuration of', () => {
  for (const [name, { parameters, maxLength, config }] of Object.entries(hub))
    it(`${name} gives its ${parameters} parameters`, () => {
      const backbone = create(config);
      const head = familyOf(config).heads['causal-lm']?.(config, 0);
      const shapes = new Map([...backbone.shapes, ...(head?.shapes ?? [])]);
      assert.equal(countParameters([...shapes.values()].map((shape) => ({ shape }))), parameters);
      assert.equal(backbone.maxLength, maxLength);
      for (const target of backbone.usualTargets) assert.ok(backbone.linears.some((linear) => linear.endsWith(`.${target}`)));
    });
});

describe('a decoder', () => {
  const qwen = 'Qwen/Qwen2.5-0.5B-Instruct';

  it('says that it trains without the dropout on attention weights that a configuration asks for', () => {
    const asked = (name: string, change: Record<string, unknown>) => create(configOf(name, change)).notes.join();
    assert.match(asked('openai-community/gpt2', {}), /dropout of 0\.1 on attention weights/);
    assert.match(asked(qwen, { attention_dropout: 0.2 }), /dropout of 0\.2 on attention weights/);
  });

  it('refuses what it would compute wrongly', () => {
    const refuses = (name: string, change: Record<string, unknown>, expected: RegExp) => {
      assert.throws(() => create(configOf(name, change)), { name: 'ZodError', message: expected });
    };
    refuses(qwen, { rope_scaling: { type: 'yarn', factor: 4 } }, /rope type \\"yarn\\" is not supported/);
    refuses(qwen, { num_key_value_heads: 4 }, /not a multiple of num_key_value_heads/);
    refuses(qwen, { hidden_act: 'relu6' }, /hidden_act/);
    refuses('openai-community/gpt2', { scale_attn_by_inverse_layer_idx: true }, /Temper computes GPT-2 with false only/);
    refuses('openai-community/gpt2', { scale_attn_weights: false }, /Temper computes GPT-2 with true only/);
    refuses('openai-community/gpt2', { n_head: 7 }, /not a multiple of n_head/);
    refuses('HuggingFaceTB/SmolLM3-3B', { no_rope_layers: [1, 0] }, /no_rope_layers has fewer entries/);
  });

  it('knows which layer a name belongs to', () => {
    const qwen2 = create(configOf(qwen));
    const names = ['model.embed_tokens.weight', 'model.layers.3.mlp.up_proj.weight', 'base_model.model.model.layers.11.x', 'model.norm.weight', 'lm_head.weight'];
    assert.deepEqual(names.map((name) => qwen2.layerOf(name)), [-1, 3, 11, 24, 24]);
    const gpt2 = create(configOf('openai-community/gpt2'));
    const gpt2Names = ['transformer.wpe.weight', 'transformer.h.10.attn.c_attn.weight', 'transformer.ln_f.bias', 'score.weight'];
    assert.deepEqual(gpt2Names.map((name) => gpt2.layerOf(name)), [-1, 10, 12, 12]);
  });
});

describe('a tiny decoder', () => {
  before(() => startBackend('wasm'));
  const rows = [[5, 9, 33, 7], [21, 4], [3, 30, 14, 50, 6, 6, 31]];

  for (const type of ['gpt2', 'llama', 'mistral', 'qwen2', 'qwen3', 'smollm3'])
    it(`gives a row the same bits alone and beside others, and its last token's states alone: ${type}`, async () => {
      await withAdapter(`${type}-causal-lm`, (score, model, tuning) => {
        const together = score(rows);
        assert.deepEqual(rows.flatMap((row) => score([row])), together);
        const last = tf.tidy(() => runBackbone(model.backbone, packed(rows), { tuning }, 'last-token').x.arraySync());
        const every = tf.tidy(() => runBackbone(model.backbone, packed(rows), { tuning }, 'every-token').x.arraySync());
        assert.deepEqual(last, [every[3], every[5], every[12]]);
      });
    });

  it('does not see what comes later', async () => {
    await withAdapter('llama-causal-lm', (score) => {
      assert.deepEqual(score([[5, 9, 33, 7]]).slice(0, 3), score([[5, 9, 33, 8]]).slice(0, 3));
      assert.notDeepEqual(score([[5, 9, 33, 7]])[3], score([[5, 9, 33, 8]])[3]);
    });
  });

  const [full, sliding] = ['full_attention', 'sliding_attention'];
  const on = { use_sliding_window: true, sliding_window: 3 };
  for (const [type, change, expected, what] of [
    ['mistral', { sliding_window: 3 }, false, 'in every layer'],
    ['mistral', { sliding_window: 7 }, true, 'as long as the row'],
    ['mistral', { sliding_window: null }, true, 'that is null'],
    ['qwen2', { ...on, use_sliding_window: false, layer_types: [sliding, sliding] }, true, 'that is switched off'],
    ['qwen2', { ...on, layer_types: [sliding, sliding] }, false, 'in layers of that type'],
    ['qwen2', { ...on, layer_types: [sliding, full] }, true, 'in one layer of two'],
    ['qwen3', { ...on, layer_types: null, max_window_layers: 0 }, false, 'from the layer 0 on'],
    ['qwen3', { ...on, layer_types: null, max_window_layers: 1 }, true, 'from the layer 1 on'],
    ['qwen3', { ...on, layer_types: null, max_window_layers: null }, true, 'from nowhere on, which is the layer 28'],
    ['smollm3', { ...on, sliding_window: 1, layer_types: null, no_rope_layers: [0, 0, 0, 0] }, false, 'in layers without positions'],
    ['smollm3', { ...on, sliding_window: 1, layer_types: null, no_rope_layers: [0, 0, 1, 0] }, true, 'but in one with positions'],
  ] as const)
    it(`${expected ? 'sees' : 'does not see'} the beginning of a row with a window ${what}: ${type}`, async () => {
      await withAdapter(`${type}-causal-lm`, (_score, { backbone }, tuning, config) => {
        const changed = familyOf(config).create({ ...config, ...change });
        assert.equal(changed.maxLength, backbone.maxLength);
        const lastState = (first: number) =>
          tf.tidy(() => runBackbone(changed, packed([[first, 9, 33, 7, 21, 4, 11]]), { tuning }, 'last-token').x.arraySync());
        if (expected) assert.notDeepEqual(lastState(5), lastState(6));
        else assert.deepEqual(lastState(5), lastState(6));
      });
    });

  it("reads OpenAI's GPT-2 folder: no prefix in front of the names, and masks among the weights", async () => {
    const dir = join(goldenDir, 'models', 'gpt2-causal-lm');
    const tensors = await readSafetensors(join(dir, 'model.safetensors'));
    const legacy = new Map<string, RawTensor>();
    for (const [name, { shape, values }] of tensors)
      legacy.set(name.replace(/^transformer\./, ''), { dtype: 'F32', shape, bytes: new Uint8Array(values.slice().buffer) });
    legacy.set('h.0.attn.bias', { dtype: 'F32', shape: [1, 1, 2, 2], bytes: new Uint8Array(16) });
    legacy.set('h.1.attn.masked_bias', { dtype: 'F32', shape: [], bytes: new Uint8Array(4) });
    legacy.set('h.1.attn.bias', { dtype: 'BOOL', shape: [1, 1, 2, 2], bytes: new Uint8Array(4) });
    const folder = temporaryFolder('legacy-gpt2');
    try {
      cpSync(join(dir, 'config.json'), join(folder.path, 'config.json'));
      writeFileSync(join(folder.path, 'model.safetensors'), encodeRaw(legacy));
      const read = await readModel(folder.path, { head: 'causal-lm', labels: 0, initialWeights: 'pretrained', seed: 0 });
      assert.deepEqual(new Map([...read.tensors].map(([name, { values }]) => [name, values])), new Map([...tensors].map(([name, { values }]) => [name, values])));
    } finally {
      folder.remove();
    }
  });

  it('drops out behind the embeddings and both sublayers of each layer of GPT-2, while training only', async () => {
    await withAdapter('gpt2-causal-lm', (score, model, tuning) => {
      const config = { model_type: 'gpt2', vocab_size: 73, n_embd: 20, n_head: 4, n_inner: 36, n_layer: 2, n_positions: 48 };
      const dropping = { ...model, backbone: familyOf(config).create(config) };
      let draws = 0;
      const random = { ...createRandom(1), next: () => (draws++, 0.5) };
      const logits = () => tf.tidy(() => computeLogits(dropping, packed(rows), { tuning, random }).arraySync());
      assert.notDeepEqual(logits(), score(rows));
      assert.equal(draws, 1 + 2 * 2);
    });
  });
});

type Score = (rows: readonly (readonly number[])[]) => number[][];

async function withAdapter(name: string, f: (score: Score, model: TextModel, tuning: ReturnType<typeof attachMethod>, config: Record<string, unknown>) => void): Promise<void> {
  const model = await loadGoldenModel(name, 'causal-lm');
  const { architecture, tensors, dir } = model;
  const { method } = configWith({ method: { type: 'full' } });
  const tuning = attachMethod(method, { architecture, tensors, modelDir: dir, random: createRandom(0) });
  try {
    f((some) => tf.tidy(() => computeLogits(model, packed(some), { tuning }).arraySync()), model, tuning, { ...model.config });
  } finally {
    tuning.dispose();
  }
}

const packed = (rows: readonly (readonly number[])[]) => ({
  rows: rows.length,
  ids: Int32Array.from(rows.flat()),
  starts: startsOf(rows.map(({ length }) => length)),
});
