/** Text to token ids, through the model folder's own tokenizer.json. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Tokenizer as HuggingFaceTokenizer } from '@huggingface/tokenizers';
import { RunFailure } from '../protocol';

export interface Tokenizer {
  /** Ids are below this. */
  readonly vocabularySize: number;
  readonly padId: number;
  /** Token ids with the model's special tokens; a longer text keeps its first tokens and its last special one. */
  encode(text: string, maxLength: number): Int32Array;
}

/** @throws RunFailure 'bad-model' when a file is missing or is no tokenizer */
export async function readTokenizer(modelDir: string): Promise<Tokenizer> {
  const file = join(modelDir, 'tokenizer.json');
  const definition = await readJson(file);
  const settings = await readJson(join(modelDir, 'tokenizer_config.json')).catch(() => ({})); // optional by convention
  try {
    return createTokenizer(new HuggingFaceTokenizer(definition, settings));
  } catch (thrown) {
    throw unusable(file, thrown);
  }
}

function createTokenizer(tokenizer: HuggingFaceTokenizer): Tokenizer {
  const closing = tokenizer.encode('').ids.at(-1);
  return {
    vocabularySize: largestId(tokenizer) + 1,
    padId: tokenizer.token_to_id('[PAD]') ?? tokenizer.token_to_id('<pad>') ?? 0,
    encode(text, maxLength) {
      const ids = Int32Array.from(tokenizer.encode(text).ids);
      if (ids.length <= maxLength) return ids;
      const cut = ids.slice(0, maxLength);
      if (closing !== undefined) cut[maxLength - 1] = closing;
      return cut;
    },
  };
}

/** Ids may have gaps: what counts for the embeddings is the largest. */
function largestId(tokenizer: HuggingFaceTokenizer): number {
  let largest = -1;
  for (const id of tokenizer.get_vocab().values()) largest = Math.max(largest, id);
  return largest;
}

async function readJson(file: string): Promise<object> {
  try {
    const parsed: unknown = JSON.parse(await readFile(file, 'utf8'));
    if (typeof parsed === 'object' && parsed !== null) return parsed;
    throw new Error('not a JSON object');
  } catch (thrown) {
    throw unusable(file, thrown);
  }
}

function unusable(file: string, thrown: unknown): RunFailure {
  return new RunFailure({
    code: 'bad-model',
    message: `Reading the tokenizer ${file} failed: ${thrown instanceof Error ? thrown.message : String(thrown)}.`,
    hint: 'A model folder needs the tokenizer.json that belongs to its weights. Copy or download it again.',
    file,
  });
}
