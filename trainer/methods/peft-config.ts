/**
 * PEFT's adapter_config.json, written and read. Written is the stable part: older versions warn about keys they do not know.
 * Read is everything, since a key that is not understood may change what the adapter computes.
 * https://github.com/huggingface/peft/blob/main/src/peft/tuners/lora/config.py
 */
import { z } from 'zod';
import { ia3MethodSchema, loraMethodSchema, type Ia3Config, type LoraConfig } from '../../protocol';
import { badAdapter, parseAdapterJson } from './adapter-files';
import type { AttachOptions } from './method';
import type { ModulePattern, Targets } from './targets';

/** In front of a module's path. */
export const peftPrefix = 'base_model.model.';
const fileName = 'adapter_config.json';

export function withPeftPrefix(modules: ReadonlySet<string>): ReadonlySet<string> {
  return new Set([...modules].map((module) => peftPrefix + module));
}

export function loraConfigFile(config: LoraConfig, targets: Targets, options: AttachOptions): unknown {
  return {
    ...sharedKeys(config.excludeModules, targets, options),
    alpha_pattern: config.alphaPattern ?? {},
    bias: config.bias,
    init_lora_weights: config.initialisation === 'gaussian' ? 'gaussian' : true,
    layers_pattern: null,
    layers_to_transform: config.targetModules === 'all-linear' ? null : (config.layersToTransform ?? null),
    lora_alpha: config.alpha,
    lora_dropout: config.dropout,
    peft_type: 'LORA',
    r: config.r,
    rank_pattern: config.rankPattern ?? {},
    use_dora: config.useDora,
    use_rslora: config.useRslora,
  };
}

export function ia3ConfigFile(config: Ia3Config, feedforward: ModulePattern, targets: Targets, options: AttachOptions): unknown {
  return {
    ...sharedKeys(config.excludeModules, targets, options),
    feedforward_modules: feedforward,
    init_ia3_weights: true,
    peft_type: 'IA3',
  };
}

function sharedKeys(
  excluded: ModulePattern | undefined,
  { linears, saved, written }: Targets,
  { architecture, modelDir }: AttachOptions,
) {
  const { peftTask, transposed } = architecture;
  return {
    auto_mapping: null,
    base_model_name_or_path: modelDir,
    exclude_modules: excluded ?? null,
    fan_in_fan_out: linears.some((module) => transposed.has(module)),
    inference_mode: true,
    modules_to_save: saved.length > 0 ? saved : null,
    revision: null,
    target_modules: written,
    task_type: peftTask,
  };
}

const modulePattern = z.union([z.string(), z.array(z.string())]);
const names = z.array(z.string());
const flag = z.boolean().nullish();
const sharedFileKeys = {
  task_type: z.string().nullish(),
  base_model_name_or_path: z.string().nullish(),
  target_modules: modulePattern.nullish(),
  exclude_modules: modulePattern.nullish(),
  modules_to_save: names.nullish(),
};
const loraFileSchema = z.looseObject({
  ...sharedFileKeys,
  peft_type: z.literal('LORA'),
  r: z.number().int().positive(),
  lora_alpha: z.number(),
  lora_dropout: z.number().nullish(),
  layers_to_transform: z.union([z.number().int(), z.array(z.number().int())]).nullish(),
  bias: z.enum(['none', 'all', 'lora_only']).default('none'),
  init_lora_weights: z.union([z.boolean(), z.string()]).nullish(),
  use_rslora: flag,
  use_dora: flag,
  rank_pattern: z.record(z.string(), z.number().int().positive()).nullish(),
  alpha_pattern: z.record(z.string(), z.number()).nullish(),
});
const ia3FileSchema = z.looseObject({
  ...sharedFileKeys,
  peft_type: z.literal('IA3'),
  feedforward_modules: modulePattern.nullish(),
  init_ia3_weights: flag,
});

/** Keys that say nothing about what the adapter computes once its tensors are there. */
const harmless: ReadonlySet<string> = new Set([
  'auto_mapping',
  'eva_config',
  'fan_in_fan_out',
  'inference_mode',
  'layers_pattern',
  'loftq_config',
  'megatron_core',
  'peft_version',
  'qalora_group_size',
  'revision',
  'runtime_config',
]);
/** Ways of starting that leave the base's weights alone; all others change them. */
const harmlessStarts: ReadonlySet<unknown> = new Set([undefined, null, true, false, 'gaussian', 'orthogonal', 'eva']);

/** @throws RunFailure 'bad-checkpoint' naming every key that cannot be followed */
export function parseLoraConfig(dir: string, content: unknown): LoraConfig {
  const found = parseAdapterJson(dir, fileName, loraFileSchema, content);
  const { init_lora_weights: start, layers_to_transform: layers } = found;
  refuseKeys(dir, [
    ...describeForeignKeys(found, loraFileSchema),
    ...(harmlessStarts.has(start) ? [] : [`"init_lora_weights" is "${start}", which changes the base's weights`]),
  ]);
  return loraMethodSchema.parse({
    type: 'lora',
    r: found.r,
    alpha: found.lora_alpha,
    dropout: found.lora_dropout ?? 0,
    layersToTransform: typeof layers === 'number' ? [layers] : (layers ?? undefined),
    bias: found.bias,
    useRslora: found.use_rslora ?? false,
    useDora: found.use_dora ?? false,
    rankPattern: found.rank_pattern ?? undefined,
    alphaPattern: found.alpha_pattern ?? undefined,
    initialisation: start === 'gaussian' ? 'gaussian' : 'kaiming-uniform',
    ...targetsOf(found),
  });
}

/** @throws RunFailure 'bad-checkpoint' naming every key that cannot be followed */
export function parseIa3Config(dir: string, content: unknown): Ia3Config {
  const found = parseAdapterJson(dir, fileName, ia3FileSchema, content);
  refuseKeys(dir, describeForeignKeys(found, ia3FileSchema));
  return ia3MethodSchema.parse({ type: 'ia3', feedforwardModules: orAbsent(found.feedforward_modules), ...targetsOf(found) });
}

function targetsOf(found: { [Key in keyof typeof sharedFileKeys]?: z.infer<(typeof sharedFileKeys)[Key]> }) {
  return {
    targetModules: orAbsent(found.target_modules),
    excludeModules: orAbsent(found.exclude_modules),
    modulesToSave: orAbsent(found.modules_to_save),
  };
}

/** Python writes what is not there as null or as an empty list. */
function orAbsent<Value extends string | readonly string[]>(value: Value | null | undefined): Value | undefined {
  return value === null || value === undefined || value.length === 0 ? undefined : value;
}

/** Keys that are set to something and that neither this schema nor the list above knows. */
function describeForeignKeys(found: Readonly<Record<string, unknown>>, schema: z.ZodObject): string[] {
  const isForeign = (key: string) => !harmless.has(key) && !Object.hasOwn(schema.shape, key);
  const foreign = Object.entries(found).filter(([key, value]) => isForeign(key) && !isUnset(value));
  return foreign.map(([key, value]) => `"${key}" is ${JSON.stringify(value)}`);
}

function isUnset(value: unknown): boolean {
  return value === null || value === false || (typeof value === 'object' && Object.keys(value).length === 0);
}

function refuseKeys(dir: string, problems: readonly string[]): void {
  if (problems.length > 0)
    throw badAdapter(
      dir,
      problems.map((problem) => `${problem} in ${fileName}, which Temper cannot follow`),
    );
}
