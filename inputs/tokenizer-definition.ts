/**
 * tokenizer.json, checked before the library sees it: the library takes what it is given, so that a missing merge table or
 * a merge of unknown tokens would come out as other tokens, without a word. All mismatches are reported at once.
 */
import { z } from 'zod';

/** Ids are places in the embedding: the largest vocabularies have a quarter of a million. */
const id = z.number().int().min(0).max(10_000_000);
const vocabulary = z.record(z.string(), id);
/** Older files have "a b" where newer ones have two texts; the library wants them all alike. */
const merge = z.union([z.string().transform((pair) => pair.split(' ')), z.array(z.string())]);

/** The kinds of tokenizer there are, each with the tables it cannot do without. */
const models = {
  BPE: z.looseObject({ type: z.literal('BPE'), vocab: vocabulary, merges: z.array(merge), unk_token: z.string().nullish() }),
  WordPiece: z.looseObject({ type: z.literal('WordPiece'), vocab: vocabulary, unk_token: z.string() }),
  WordLevel: z.looseObject({ type: z.literal('WordLevel'), vocab: vocabulary, unk_token: z.string() }),
  Unigram: z.looseObject({
    type: z.literal('Unigram'),
    vocab: z.array(z.tuple([z.string(), z.number()])).min(1),
    unk_id: z.number().int().min(0).nullish(),
  }),
};
type ModelType = keyof typeof models;
type Model = z.infer<(typeof models)[ModelType]>;

const part = z.looseObject({ type: z.string() }).nullish();
const definitionSchema = z.looseObject({
  model: z.record(z.string(), z.unknown()),
  added_tokens: z.array(z.looseObject({ id, content: z.string().min(1), special: z.boolean().optional() })).nullish(),
  normalizer: part,
  pre_tokenizer: part,
  post_processor: part,
  decoder: part,
});

export interface AddedToken {
  readonly id: number;
  readonly content: string;
  readonly special?: boolean | undefined;
  /** Whether it takes the spaces beside it, or must be a word; as the file has it. */
  readonly lstrip?: unknown;
  readonly rstrip?: unknown;
  readonly single_word?: unknown;
}

/** A step of the tokenizer, or a `Sequence` of them; its settings are as the file has them. */
export interface TokenizerPart {
  readonly type: string;
  readonly [setting: string]: unknown;
}

export interface TokenizerDefinition {
  readonly model: Model;
  readonly added_tokens: readonly AddedToken[];
  readonly normalizer: TokenizerPart | null;
  readonly pre_tokenizer: TokenizerPart | null;
  readonly post_processor: TokenizerPart | null;
}

const maxMismatches = 20;

/** Completes what may be left out. @throws Error with everything that is wrong */
export function parseTokenizerDefinition(input: unknown): TokenizerDefinition {
  const parsed = definitionSchema.safeParse(input);
  if (!parsed.success) throw mismatch(describe(parsed.error));
  const { model: untyped, added_tokens, normalizer, pre_tokenizer, post_processor, decoder, ...others } = parsed.data;
  const type = untyped['type'] ?? guessType(untyped);
  if (!isModelType(type)) {
    throw mismatch([`its model has type ${JSON.stringify(type)}; known are ${Object.keys(models).join(', ')}`]);
  }
  const model = models[type].safeParse({ ...untyped, type });
  if (!model.success) throw mismatch(describe(model.error, 'model'));
  const addedTokens = added_tokens ?? [];
  const mismatches = checkTables(model.data, new Set(addedTokens.map(({ content }) => content)));
  if (mismatches.length > 0) throw mismatch(mismatches);
  return {
    ...others,
    model: model.data,
    added_tokens: addedTokens,
    normalizer: normalizer ?? null,
    pre_tokenizer: pre_tokenizer ?? null,
    post_processor: post_processor ?? null,
    decoder: decoder ?? null,
  } as TokenizerDefinition; // the parts that are named here only for the library are hidden from everybody else
}

const sequenceSchema = z.object({
  normalizers: z.array(z.looseObject({ type: z.string() })).optional(),
  pretokenizers: z.array(z.looseObject({ type: z.string() })).optional(),
});

/** One by one; none of what is no part. */
export function stepsOf(part: TokenizerPart | null): TokenizerPart[] {
  if (part === null) return [];
  if (part.type !== 'Sequence') return [part];
  const { normalizers, pretokenizers } = sequenceSchema.parse(part);
  return normalizers ?? pretokenizers ?? [];
}

/** Files of the first years do not say what they are. */
function guessType(model: Readonly<Record<string, unknown>>): ModelType {
  if (Array.isArray(model['vocab'])) return 'Unigram';
  return model['merges'] === undefined ? 'WordPiece' : 'BPE';
}

function isModelType(type: unknown): type is ModelType {
  return typeof type === 'string' && Object.hasOwn(models, type);
}

/** Tokens that one table names and the other lacks. */
function checkTables(model: Model, added: ReadonlySet<string>): string[] {
  if (model.type === 'Unigram') {
    const isOutside = typeof model.unk_id === 'number' && model.unk_id >= model.vocab.length;
    return isOutside ? [`its unknown token has id ${model.unk_id} of ${model.vocab.length}`] : [];
  }
  const mismatches = model.type === 'BPE' ? checkMerges(model.merges, model.vocab) : [];
  const unknown = model.unk_token;
  if (typeof unknown === 'string' && !Object.hasOwn(model.vocab, unknown) && !added.has(unknown)) {
    mismatches.push(`its unknown token ${JSON.stringify(unknown)} is not in the vocabulary`);
  }
  return mismatches;
}

/** Both halves of a merge and what comes of it must be tokens. */
function checkMerges(merges: readonly (readonly string[])[], vocab: Readonly<Record<string, number>>): string[] {
  return merges.flatMap((halves, index) => {
    if (halves.length !== 2) return [`merge ${index} is not two tokens: ${JSON.stringify(halves.join(' '))}`];
    const unknown = [...halves, halves.join('')].filter((token) => !Object.hasOwn(vocab, token));
    const named = unknown.map((token) => JSON.stringify(token)).join(' and ');
    return unknown.length === 0 ? [] : [`merge ${index} names ${named}, not in the vocabulary`];
  });
}

function describe(error: z.ZodError, ...prefix: string[]): string[] {
  return error.issues.map(({ path, message }) => {
    const place = [...prefix, ...path].join('.');
    return place === '' ? message : `${JSON.stringify(place)}: ${message}`;
  });
}

function mismatch(mismatches: readonly string[]): Error {
  const more = mismatches.length - maxMismatches;
  return new Error([...mismatches.slice(0, maxMismatches), ...(more > 0 ? [`and ${more} more`] : [])].join('; '));
}
