/** What a model folder's generation_config.json says about writing: where a text ends, and how its makers would sample. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { RunFailure } from '../../protocol';
import { greedy, type Sampling } from './choose-token';

export interface GenerationDefaults {
  /** Tokens that end a text. */
  readonly stopIds: readonly number[];
  /** For people who ask to sample and not how. */
  readonly sampling: Sampling;
}

const id = z.number().int().min(0);
const eosTokenId = z.union([id.transform((only) => [only]), z.array(id)]).nullish();

const generationConfigSchema = z.object({
  eos_token_id: eosTokenId,
  temperature: z.number().positive().nullish(),
  top_p: z.number().min(0).max(1).nullish(),
  top_k: z.number().int().min(0).nullish(),
  repetition_penalty: z.number().positive().nullish(),
});

const modelConfigSchema = z.object({ eos_token_id: eosTokenId });

/** Older folders have no generation_config.json; config.json then says where a text ends. @throws RunFailure 'bad-model' */
export async function readGenerationDefaults(modelDir: string): Promise<GenerationDefaults> {
  const generation = await readJson(join(modelDir, 'generation_config.json'), generationConfigSchema);
  const stopIds = generation?.eos_token_id ?? (await readJson(join(modelDir, 'config.json'), modelConfigSchema))?.eos_token_id;
  const { temperature, top_p: topP, top_k: topK, repetition_penalty: penalty } = generation ?? {};
  return {
    stopIds: stopIds ?? [],
    sampling: { temperature: temperature ?? 1, topP: topP ?? 1, topK: topK ?? 0, repetitionPenalty: penalty ?? 1 },
  };
}

/** What was asked for, the rest from the folder. Nobody who says nothing of chance gets any. */
export function completeSampling(asked: Partial<Sampling>, { sampling }: GenerationDefaults): Sampling {
  const { temperature, topP, topK, repetitionPenalty = sampling.repetitionPenalty } = asked;
  const isAsked = temperature !== undefined ? temperature > 0 : topP !== undefined || topK !== undefined;
  if (!isAsked) return { ...greedy, repetitionPenalty };
  return {
    temperature: temperature ?? sampling.temperature,
    topP: topP ?? sampling.topP,
    topK: topK ?? sampling.topK,
    repetitionPenalty,
  };
}

/** Undefined when there is no such file. */
async function readJson<Schema extends z.ZodType>(file: string, schema: Schema): Promise<z.infer<Schema> | undefined> {
  const text = await readFile(file, 'utf8').catch((thrown: unknown) => {
    if (thrown instanceof Error && 'code' in thrown && thrown.code === 'ENOENT') return undefined;
    throw unreadable(file, thrown);
  });
  if (text === undefined) return undefined;
  try {
    return schema.parse(JSON.parse(text));
  } catch (thrown) {
    throw unreadable(file, thrown);
  }
}

function unreadable(file: string, thrown: unknown): RunFailure {
  const found = thrown instanceof z.ZodError ? z.prettifyError(thrown) : String(thrown);
  return new RunFailure({
    code: 'bad-model',
    message: `Reading how the model writes from ${file} failed: ${found}`,
    hint: 'Copy or download the model folder again.',
    file,
  });
}
