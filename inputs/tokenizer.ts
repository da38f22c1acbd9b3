/** Text to token ids and back, through the model folder's own tokenizer.json. */
import { existsSync } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { Tokenizer as HuggingFaceTokenizer } from '@huggingface/tokenizers';
import { z } from 'zod';
import { RunFailure } from '../protocol';
import { hasByteLevel, mostTokensPerUnit, type TokenBound } from './token-bound';
import { parseTokenizerDefinition, type TokenizerDefinition } from './tokenizer-definition';
import { cutsAtSpaces, rememberWords } from './word-cache';

export interface Tokenizer {
  /** Ids are below this. */
  readonly vocabularySize: number;
  readonly padId: number;
  /** The most that a UTF-16 unit of a text can make; special tokens that are added come on top. Infinity when not known. */
  readonly mostTokensPerUnit: TokenBound;
  /** Ids that mark the text and are no part of it: padding, beginnings, ends, turns. */
  readonly specialIds: ReadonlySet<number>;
  /** As tokenizer_config.json names them, for chat templates and for knowing where a text ends. */
  readonly namedTokens: NamedTokens;
  /** Token ids with the model's special tokens; a longer text keeps its first tokens and all special ones. */
  encode(text: string, maxLength: number): Int32Array;
  /** As encode, for two texts; the longer one is cut first. */
  encodePair(first: string, second: string, maxLength: number): { ids: Int32Array; typeIds: Int32Array };
  /** Uncut. Special tokens that stand in the text are recognised either way. */
  encodeParts(text: string, options: { addSpecialTokens: boolean }): Int32Array;
  /** Words one by one, as for a tag on each, and of which word each token is; -1 for special tokens. Cut as encode does. */
  encodeWords(words: readonly string[], maxLength: number): { ids: Int32Array; wordOf: Int32Array };
  /** How many ids encodeParts gives, without making them. */
  count(text: string, options: { addSpecialTokens: boolean }): number;
  /** How many ids encodePair gives when nothing is cut. */
  countPair(first: string, second: string): number;
  /** A token as a person reads it: as the vocabulary has it, or where that has bytes, the text of them if they are one. */
  spell(id: number): string | undefined;
  /** Ids beyond the vocabulary are skipped. */
  decode(ids: ArrayLike<number>, options?: { skipSpecialTokens?: boolean }): string;
  idOf(token: string): number | undefined;
}

export interface NamedTokens {
  readonly bos?: string;
  readonly eos?: string;
  readonly pad?: string;
  readonly unk?: string;
}

/** Real ones have up to 40 MB. */
const maxDefinitionBytes = 300_000_000;

const tokenName = z.union([z.string(), z.looseObject({ content: z.string() }).transform(({ content }) => content)]);
const settingsSchema = z.looseObject({
  bos_token: tokenName.nullish().catch(undefined),
  eos_token: tokenName.nullish().catch(undefined),
  pad_token: tokenName.nullish().catch(undefined),
  unk_token: tokenName.nullish().catch(undefined),
  clean_up_tokenization_spaces: z.boolean().nullish().catch(undefined),
});
type Settings = z.infer<typeof settingsSchema>;

/** @throws RunFailure 'bad-model' when a file is missing or is no tokenizer */
export async function readTokenizer(modelDir: string): Promise<Tokenizer> {
  const file = join(modelDir, 'tokenizer.json');
  const input = await readJson(file);
  const settingsFile = join(modelDir, 'tokenizer_config.json');
  const settings = existsSync(settingsFile) ? await readJson(settingsFile) : {}; // optional by convention
  try {
    return createTokenizer(parseTokenizerDefinition(input), settingsSchema.parse(settings));
  } catch (thrown) {
    throw unusable(file, thrown);
  }
}

function createTokenizer(definition: TokenizerDefinition, settings: Settings): Tokenizer {
  const tokenizer = new HuggingFaceTokenizer(definition, librarySettings(definition, settings));
  const idOf = (token: string) => tokenizer.token_to_id(token);
  const post = createPostProcessor(tokenizer, definition);
  const specialTokens = post([]).tokens;
  const pairSpecialTokens = post([], []).tokens;
  const unknown = [...specialTokens, ...pairSpecialTokens].filter((token) => idOf(token) === undefined);
  if (unknown.length > 0) throw new Error(`it adds ${[...new Set(unknown)].join(', ')}, not in the vocabulary`);

  const tokenize = (text: string): readonly string[] => tokenizer.tokenize(text, { add_special_tokens: false });
  const tokensOf = cutsAtSpaces(definition, settings) ? rememberWords(tokenize) : tokenize;
  const isOfBytes = hasByteLevel(definition);
  const tokensOfWord = (word: string) => tokensOf(isOfBytes ? ` ${word}` : word); // words begin with a space there
  const leadingTokens = Math.max(0, post(['word']).tokens.indexOf('word'));
  const unknownId = settings.unk_token == null ? undefined : idOf(settings.unk_token);
  const idsOf = (tokens: readonly string[]) =>
    Int32Array.from(tokens, (token) => idOf(token) ?? tokenizer.model?.unk_token_id ?? unknownId ?? 0);
  const specialIds = new Set(definition.added_tokens.filter(({ special }) => special === true).map(({ id }) => id));
  return {
    vocabularySize: largestId(definition) + 1,
    padId: [settings.pad_token, '[PAD]', '<pad>'].map((token) => (token == null ? undefined : idOf(token))).find(isNumber) ?? 0,
    mostTokensPerUnit: mostTokensPerUnit(definition, settings),
    specialIds,
    namedTokens: nameTokens(settings),
    encode(text, maxLength) {
      const room = Math.max(0, maxLength - specialTokens.length);
      return idsOf(post(tokensOf(text).slice(0, room)).tokens).subarray(0, maxLength);
    },
    encodePair(first, second, maxLength) {
      const [a, b] = [tokensOf(first), tokensOf(second)];
      const [lengthA, lengthB] = cutLongestFirst(a.length, b.length, Math.max(0, maxLength - pairSpecialTokens.length));
      const { tokens, typeIds } = post(a.slice(0, lengthA), b.slice(0, lengthB));
      return { ids: idsOf(tokens).subarray(0, maxLength), typeIds: Int32Array.from(typeIds).subarray(0, maxLength) };
    },
    encodeParts(text, { addSpecialTokens }) {
      const tokens = tokensOf(text);
      return idsOf(addSpecialTokens ? post(tokens).tokens : tokens);
    },
    encodeWords(words, maxLength) {
      const room = Math.max(0, maxLength - specialTokens.length);
      const tokens = words.flatMap((word, index) => tokensOfWord(word).map((token) => ({ token, index }))).slice(0, room);
      const ids = idsOf(post(tokens.map(({ token }) => token)).tokens).subarray(0, maxLength);
      const wordOf = ids.map((_, place) => tokens[place - leadingTokens]?.index ?? -1);
      return { ids, wordOf };
    },
    count: (text, { addSpecialTokens }) => tokensOf(text).length + (addSpecialTokens ? specialTokens.length : 0),
    countPair: (first, second) => tokensOf(first).length + tokensOf(second).length + pairSpecialTokens.length,
    spell(id) {
      const token = tokenizer.id_to_token(id);
      if (!isOfBytes || token === undefined || specialIds.has(id)) return token;
      const text = tokenizer.decode([id], { clean_up_tokenization_spaces: false });
      return text.includes('\ufffd') ? token : text;
    },
    decode(ids, { skipSpecialTokens = false } = {}) {
      const known = Array.from(ids).filter((id) => tokenizer.id_to_token(id) !== undefined);
      const shown = skipSpecialTokens ? known.filter((id) => !specialIds.has(id)) : known;
      return shown.length === 0 ? '' : decodeAsTransformers(tokenizer, definition, settings, shown);
    },
    idOf,
  };
}

/** The library asks the settings for what the definition says itself. */
function librarySettings({ model }: TokenizerDefinition, settings: Settings): object {
  return model.type === 'WordLevel' ? { ...settings, unk_token: model.unk_token } : settings;
}

interface Processed {
  readonly tokens: readonly string[];
  readonly tokens_pair?: readonly string[] | null | undefined;
  readonly token_type_ids?: readonly number[] | undefined;
}
type PostProcess = (
  first: readonly string[],
  second?: readonly string[],
) => { tokens: readonly string[]; typeIds: readonly number[] };

/**
 * Puts the special tokens around one text or two. Two things the library does otherwise than Hugging Face's own: it loses
 * the second text where nothing is put between the two, and it counts types for RoBERTa, which has none.
 */
function createPostProcessor(tokenizer: HuggingFaceTokenizer, definition: TokenizerDefinition): PostProcess {
  const hasTypes = definition.post_processor?.type !== 'RobertaProcessing';
  return (first, second) => {
    const processed: Processed = tokenizer.post_processor?.post_process([...first], second && [...second], true) ?? {
      tokens: first,
      tokens_pair: second,
    };
    const left = processed.tokens_pair ?? [];
    const tokens = [...processed.tokens, ...left];
    const typeIds = processed.token_type_ids ?? [...processed.tokens.map(() => 0), ...left.map(() => 1)];
    return { tokens, typeIds: hasTypes ? typeIds : typeIds.map(() => 0) };
  };
}

/** As version 5 of transformers: spaces are cleaned up on request and never for BPE; marks of a word's end become spaces. */
function decodeAsTransformers(
  tokenizer: HuggingFaceTokenizer,
  { model }: TokenizerDefinition,
  settings: Settings,
  ids: number[],
): string {
  const cleanUp = settings.clean_up_tokenization_spaces === true && model.type !== 'BPE';
  const text = tokenizer.decode(ids, { clean_up_tokenization_spaces: cleanUp });
  return tokenizer.model?.end_of_word_suffix ? text.trim() : text;
}

/** How many tokens of each text stay: the longer one gives first, then both alike, as in Hugging Face's tokenizers. */
function cutLongestFirst(first: number, second: number, room: number): [number, number] {
  if (first + second <= room) return [first, second];
  const shorter = Math.min(first, second);
  const half = Math.floor(room / 2);
  const [few, many] = shorter <= half ? [shorter, room - shorter] : [half, room - half];
  return first <= second ? [few, many] : [many, few];
}

/** Ids may have gaps: what counts for the embeddings is the largest. */
function largestId({ model, added_tokens }: TokenizerDefinition): number {
  let largest = model.type === 'Unigram' ? model.vocab.length - 1 : -1;
  for (const id of model.type === 'Unigram' ? [] : Object.values(model.vocab)) largest = Math.max(largest, id);
  for (const { id } of added_tokens) largest = Math.max(largest, id);
  return largest;
}

function nameTokens({ bos_token, eos_token, pad_token, unk_token }: Settings): NamedTokens {
  return {
    ...(bos_token != null && { bos: bos_token }),
    ...(eos_token != null && { eos: eos_token }),
    ...(pad_token != null && { pad: pad_token }),
    ...(unk_token != null && { unk: unk_token }),
  };
}

function isNumber(value: number | undefined): value is number {
  return value !== undefined;
}

async function readJson(file: string): Promise<object> {
  try {
    const { size } = await stat(file);
    if (size > maxDefinitionBytes) throw new Error(`it has ${size} bytes, more than any tokenizer`);
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
