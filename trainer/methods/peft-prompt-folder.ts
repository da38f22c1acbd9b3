/** Opens prefixes and prompts that PEFT has saved, or Temper in PEFT's layout. What they started from no longer matters. */
import { z } from 'zod';
import type { Architecture } from '../models/architecture';
import { badAdapter, describeDifferences, parseAdapterJson, readAdapterTensors } from './adapter-files';
import type { Adapter, AttachOptions } from './method';
import { attachPrefixTuning } from './prefix-tuning';
import { attachPromptTuning } from './prompt-tuning';
import { withoutPacked } from './unpack-base';

const file = 'adapter_model.safetensors';
const count = z.number().int().positive();

/** What both have. Other fields describe where the values came from. */
const sharedFields = {
  num_virtual_tokens: count,
  num_layers: count.nullish(),
  num_attention_heads: count.nullish(),
  token_dim: count.nullish(),
  num_transformer_submodules: z.literal(1).nullish(),
  task_type: z.string().nullish(),
};
const prefixSchema = z.object({ peft_type: z.literal('PREFIX_TUNING'), ...sharedFields });
const promptSchema = z.object({ peft_type: z.literal('PROMPT_TUNING'), ...sharedFields });
type PromptLearningConfig = z.infer<typeof prefixSchema> | z.infer<typeof promptSchema>;

/** `config` is what adapter_config.json holds. @throws RunFailure 'bad-checkpoint' naming everything that does not fit */
export async function attachPeftPrefix(dir: string, config: unknown, options: AttachOptions): Promise<Adapter> {
  const found = parseAdapterJson(dir, 'adapter_config.json', prefixSchema, config);
  const { attention } = options.architecture;
  const sizes = { heads: attention.keyHeads, tokenDim: attention.keyHeads * attention.headSize };
  const numVirtualTokens = found.num_virtual_tokens;
  const adapter = attachPrefixTuning(
    { type: 'prefix-tuning', numVirtualTokens, prefixProjection: false, initialisation: 'zero' },
    withoutPacked(options),
  );
  return fill(dir, adapter, describeConfig(found, options.architecture, sizes));
}

/** `config` is what adapter_config.json holds. @throws RunFailure 'bad-checkpoint' naming everything that does not fit */
export async function attachPeftPrompt(dir: string, config: unknown, options: AttachOptions): Promise<Adapter> {
  const found = parseAdapterJson(dir, 'adapter_config.json', promptSchema, config);
  const { architecture } = options;
  const sizes = { heads: architecture.attention.heads, tokenDim: architecture.hiddenSize };
  const adapter = attachPromptTuning(
    { type: 'prompt-tuning', numVirtualTokens: found.num_virtual_tokens, initialisation: 'random' },
    withoutPacked(options),
  );
  return fill(dir, adapter, describeConfig(found, architecture, sizes));
}

interface Sizes {
  readonly heads: number;
  readonly tokenDim: number;
}

function describeConfig(
  found: PromptLearningConfig,
  { layerCount, peftTask }: Architecture,
  { heads, tokenDim }: Sizes,
): string[] {
  const expected = [
    ['num_layers', found.num_layers, layerCount],
    ['num_attention_heads', found.num_attention_heads, heads],
    ['token_dim', found.token_dim, tokenDim],
    ['task_type', found.task_type, peftTask],
  ] as const;
  return expected.flatMap(([field, value, fits]) =>
    value == null || value === fits ? [] : [`adapter_config.json says "${field}" ${value}, and this model has ${fits}`],
  );
}

/** Disposes the adapter when its file does not fit. */
async function fill(dir: string, adapter: Adapter, problems: readonly string[]): Promise<Adapter> {
  try {
    const values = await readAdapterTensors(dir, file);
    const all = [...problems, ...describeDifferences(file, adapter.trained, values)];
    if (all.length > 0) throw badAdapter(dir, all);
    adapter.assign(values);
    return adapter;
  } catch (thrown) {
    adapter.dispose();
    throw thrown;
  }
}
