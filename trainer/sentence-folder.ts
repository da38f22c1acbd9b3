/**
 * What makes a model folder one of sentence-transformers: modules.json and the folders it names, in the spelling of today
 * and in those of older versions. A folder without modules.json is a model whose tokens are averaged, as there.
 */
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { isAbsolute, join, normalize } from 'node:path';
import { z } from 'zod';
import { RunFailure } from '../protocol';
import { poolingModes, type PoolingMode, type SentencePipeline, type SentenceStage } from './models/sentence-embedding';

export interface SentenceFolder {
  /** Where config.json and the weights lie. */
  readonly modelDir: string;
  readonly pipeline: SentencePipeline;
  /** Whether a prompt's tokens are pooled with the text's. */
  readonly poolsPrompt: boolean;
  /** What is written in front of a text, by the name of its purpose. */
  readonly prompts: ReadonlyMap<string, string>;
  readonly defaultPrompt?: string | undefined;
  /** Longer texts are cut to so many tokens, where the folder says so. */
  readonly maxLength?: number | undefined;
  readonly lowersCase: boolean;
  /** An embedding keeps so many elements, where the folder says so. */
  readonly truncateTo?: number | undefined;
}

const moduleSchema = z.object({ path: z.string(), type: z.string() });
type Module = z.infer<typeof moduleSchema>;

const count = z.number().int().positive();

/** Lengths beyond this stand for none: transformers writes 1e30. */
const longest = 1e9;

const settingsSchema = z.object({
  prompts: z.record(z.string(), z.string()).nullish(),
  default_prompt_name: z.string().nullish(),
  truncate_dim: count.nullish(),
});

const transformerSchema = z.object({
  max_seq_length: count.nullish(),
  do_lower_case: z.boolean().nullish(),
  transformer_task: z.literal('feature-extraction').nullish(),
  processing_kwargs: z.object({ text: z.object({ max_length: count.nullish() }).nullish() }).nullish(),
});

const poolingMode = z.enum(poolingModes);
const poolingSchema = z.object({
  pooling_mode: z.union([poolingMode, z.array(poolingMode).nonempty()]).nullish(),
  pooling_mode_cls_token: z.boolean().nullish(),
  pooling_mode_max_tokens: z.boolean().nullish(),
  pooling_mode_mean_tokens: z.boolean().nullish(),
  pooling_mode_mean_sqrt_len_tokens: z.boolean().nullish(),
  pooling_mode_weightedmean_tokens: z.boolean().nullish(),
  pooling_mode_lasttoken: z.boolean().nullish(),
  include_prompt: z.boolean().nullish(),
});

/** PyTorch's classes, by their last name. */
const activations = { Identity: undefined, Tanh: 'tanh', ReLU: 'relu', GELU: 'gelu', SiLU: 'silu' } as const;
const activationName = z.enum(Object.keys(activations) as (keyof typeof activations)[]); // keys() forgets which they are

const ofSentences = z.literal('sentence_embedding').nullish();
const denseSchema = z.object({
  in_features: count,
  out_features: count,
  bias: z.boolean().default(true),
  activation_function: z.preprocess((name) => (typeof name === 'string' ? lastName(name) : name), activationName.default('Tanh')),
  use_residual: z.boolean().nullish(),
  module_input_name: ofSentences,
  module_output_name: ofSentences,
});

const normalizeSchema = z.object({ module_input_name: ofSentences, module_output_name: ofSentences });

/** @throws RunFailure 'bad-model' naming the file and everything in it that is not understood */
export async function readSentenceFolder(dir: string): Promise<SentenceFolder> {
  const modules = await readModules(dir);
  const [transformer, pooling, ...further] = modules;
  const kinds = modules.map(({ type }) => lastName(type));
  if (transformer === undefined || pooling === undefined || kinds[0] !== 'Transformer' || kinds[1] !== 'Pooling') {
    throw unusable(
      join(dir, 'modules.json'),
      `it lists ${kinds.join(', ') || 'nothing'}, which does not start with Transformer, Pooling`,
    );
  }
  const modelDir = within(dir, transformer.path);
  const poolingSettings = await readOptional(join(within(dir, pooling.path), 'config.json'), poolingSchema);
  const settings = await readOptional(join(dir, 'config_sentence_transformers.json'), settingsSchema);
  return {
    modelDir,
    pipeline: {
      poolings: poolingsOf(poolingSettings),
      stages: await Promise.all(further.map((module) => readStage(dir, module))),
    },
    poolsPrompt: poolingSettings.include_prompt ?? true,
    prompts: new Map(Object.entries(settings.prompts ?? {})),
    defaultPrompt: settings.default_prompt_name ?? undefined,
    truncateTo: settings.truncate_dim ?? undefined,
    ...(await readTransformerSettings(modelDir)),
  };
}

async function readModules(dir: string): Promise<readonly Module[]> {
  const file = join(dir, 'modules.json');
  if (existsSync(file)) return readJson(file, z.array(moduleSchema));
  return [
    { path: '', type: 'Transformer' },
    { path: '1_Pooling', type: 'Pooling' },
  ];
}

/** The booleans are what versions before 6 wrote; none of them, or no file at all, means the mean. */
function poolingsOf(settings: z.infer<typeof poolingSchema>): readonly PoolingMode[] {
  const { pooling_mode: named } = settings;
  if (named) return typeof named === 'string' ? [named] : named;
  const flags: Readonly<Record<PoolingMode, boolean | null | undefined>> = {
    cls: settings.pooling_mode_cls_token,
    max: settings.pooling_mode_max_tokens,
    mean: settings.pooling_mode_mean_tokens,
    mean_sqrt_len_tokens: settings.pooling_mode_mean_sqrt_len_tokens,
    weightedmean: settings.pooling_mode_weightedmean_tokens,
    lasttoken: settings.pooling_mode_lasttoken,
  };
  const modes = poolingModes.filter((mode) => flags[mode]);
  return modes.length > 0 ? modes : ['mean'];
}

async function readStage(dir: string, { path, type }: Module): Promise<SentenceStage> {
  const file = join(within(dir, path), 'config.json');
  switch (lastName(type)) {
    case 'Normalize':
      await readOptional(file, normalizeSchema);
      return { kind: 'normalize' };
    case 'Dense': {
      const { in_features: inputs, out_features: outputs, bias, ...more } = await readJson(file, denseSchema);
      const activation = activations[more.activation_function];
      return { kind: 'dense', name: path, inputs, outputs, bias, activation, residual: more.use_residual ?? false };
    }
    case 'LayerNorm':
      return { kind: 'layer-norm', name: path, size: (await readJson(file, z.object({ dimension: count }))).dimension };
    default:
      throw unusable(
        join(dir, 'modules.json'),
        `it lists a module "${type}"; behind the pooling Temper knows Normalize, Dense and LayerNorm`,
      );
  }
}

/** The file is named for the first models there were, whatever the model is. */
const transformerFiles = ['bert', 'roberta', 'distilbert', 'camembert', 'xlm-roberta'].map(
  (name) => `sentence_${name}_config.json`,
);

async function readTransformerSettings(modelDir: string): Promise<Pick<SentenceFolder, 'maxLength' | 'lowersCase'>> {
  const found = transformerFiles.map((name) => join(modelDir, name)).find((file) => existsSync(file));
  const settings = found === undefined ? {} : await readJson(found, transformerSchema);
  const tokenizerSchema = z.object({ model_max_length: z.number().positive().nullish() });
  const tokenizer = await readOptional(join(modelDir, 'tokenizer_config.json'), tokenizerSchema);
  const lengths = [settings.max_seq_length, settings.processing_kwargs?.text?.max_length, tokenizer.model_max_length];
  const maxLength = lengths.find((length) => typeof length === 'number' && length < longest) ?? undefined;
  return { maxLength, lowersCase: settings.do_lower_case ?? false };
}

/** `sentence_transformers.models.Pooling` and `sentence_transformers.sentence_transformer.modules.pooling.Pooling` are one. */
function lastName(path: string): string {
  return path.split('.').at(-1) ?? path;
}

/** A module's folder, which must lie within the model's. */
function within(dir: string, path: string): string {
  const inside = normalize(path === '' ? '.' : path);
  if (isAbsolute(inside) || inside.startsWith('..'))
    throw unusable(join(dir, 'modules.json'), `its path "${path}" leads out of the folder`);
  return join(dir, inside);
}

async function readOptional<Schema extends z.ZodType>(file: string, schema: Schema): Promise<z.infer<Schema>> {
  return existsSync(file) ? readJson(file, schema) : schema.parse({});
}

async function readJson<Schema extends z.ZodType>(file: string, schema: Schema): Promise<z.infer<Schema>> {
  try {
    return schema.parse(JSON.parse(await readFile(file, 'utf8')));
  } catch (thrown) {
    if (thrown instanceof z.ZodError) throw unusable(file, z.prettifyError(thrown));
    throw unusable(file, thrown instanceof Error ? thrown.message : String(thrown));
  }
}

function unusable(file: string, found: string): RunFailure {
  return new RunFailure({
    code: 'bad-model',
    message: `Reading ${file} as part of a sentence-transformers model failed: ${found}.`,
    hint: 'Use a folder as sentence-transformers saves it, with Transformer, Pooling and then Dense, LayerNorm or Normalize.',
    file,
  });
}
