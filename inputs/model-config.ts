/** config.json of a model folder: read, and asked for what concerns texts. What the layers make of it is the trainer's. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { RunFailure } from '../protocol';

export type ModelConfig = Readonly<Record<string, unknown>>;

/** @throws RunFailure 'bad-model' naming the file */
export async function readModelConfig(dir: string): Promise<ModelConfig> {
  const file = join(dir, 'config.json');
  try {
    return z.record(z.string(), z.unknown()).parse(JSON.parse(await readFile(file, 'utf8')));
  } catch (thrown) {
    throw badModel(
      file,
      `${file} is not a model's configuration: ${thrown instanceof Error ? thrown.message : String(thrown)}.`,
      'Copy or download the model folder again.',
    );
  }
}

const positionsSchema = z.looseObject({
  model_type: z.string().optional(),
  max_position_embeddings: z.number().int().positive().optional(),
  n_positions: z.number().int().positive().optional(),
  pad_token_id: z.number().int().nonnegative().nullish(),
});

/** What a config.json may leave out. */
const usualPositions: ReadonlyMap<string | undefined, number> = new Map([
  ['gpt2', 1024],
  ['modernbert', 8192],
]);

/**
 * The longest text that a model has positions for. RoBERTa and its kin keep the first rows of their table, up to the one
 * of the padding token, and MPNet keeps two. `Infinity` when the config does not say.
 */
export function longestText(config: ModelConfig): number {
  const { data } = positionsSchema.safeParse(config);
  if (data === undefined) return Infinity;
  const type = data.model_type;
  const positions = (type === 'gpt2' ? data.n_positions : data.max_position_embeddings) ?? usualPositions.get(type) ?? Infinity;
  if (type === 'mpnet') return positions - 2;
  return ['roberta', 'xlm-roberta', 'camembert'].includes(type ?? '') ? positions - (data.pad_token_id ?? 1) - 1 : positions;
}

export function badModel(file: string, message: string, hint: string): RunFailure {
  return new RunFailure({ code: 'bad-model', message, hint, file });
}

const typesSchema = z.looseObject({ model_type: z.literal('bert'), type_vocab_size: z.number().min(2).default(2) });
const inputNamesSchema = z.looseObject({ model_input_names: z.array(z.string()).optional() });

/**
 * Whether a model is told which of two texts a token belongs to: BERT is, and its kin is not, whatever its tokenizer could
 * say. A tokenizer_config.json that lists what the model reads has the last word, as in transformers.
 */
export async function takesTokenTypes(dir: string, config: ModelConfig): Promise<boolean> {
  if (!typesSchema.safeParse(config).success) return false;
  const names = await readInputNames(join(dir, 'tokenizer_config.json'));
  return names === undefined || names.includes('token_type_ids');
}

/** None of a file that is not there, as is usual, or is damaged: reading the tokenizer says so. */
async function readInputNames(file: string): Promise<string[] | undefined> {
  try {
    return inputNamesSchema.parse(JSON.parse(await readFile(file, 'utf8'))).model_input_names;
  } catch {
    return undefined;
  }
}
