/**
 * A row as the model sees it: its tokens, which of them are learnt, what is cut off. Plain data; how it looks is for who
 * shows it.
 */
import type { DataRow, EmbeddingRow, PreferenceRow, TokenTagsRow } from '../dataset/shapes/rows';
import { encodeConversation, encodeTexts, type Conversation } from './encode-row';
import type { RowReader } from './row-reader';
import type { Tokenizer } from './tokenizer';

export interface SeenRow {
  /** One, or several where texts are compared; none for images. */
  readonly sequences: readonly SeenSequence[];
  /** The classes that are learnt from the row as a whole. */
  readonly labels: readonly SeenLabel[];
}

export type SequenceRole = 'row' | 'chosen' | 'rejected' | 'anchor' | 'positive' | 'negative';

export interface SeenSequence {
  readonly role: SequenceRole;
  /** The first of those that the model reads; `unlisted` says how many more it reads. */
  readonly tokens: readonly SeenToken[];
  readonly unlisted: number;
  /** Uncut, with those that the model adds. */
  readonly tokenCount: number;
  /** More are cut off. */
  readonly maxLength: number;
  /** Of the tokens that are read, listed or not. */
  readonly learntTokens: number;
  /** The text whose tokens are cut off, where it can be told. */
  readonly lost?: string;
  /** Of conversations: the text that the chat template makes, in parts. */
  readonly rendered?: readonly RenderedPart[];
}

export interface SeenToken {
  readonly id: number;
  /** As a person reads it, with the vocabulary's marks. */
  readonly text: string;
  /** One that no text has: the beginning, the end, a turn. */
  readonly isSpecial: boolean;
  /** Whether it is predicted, and so carries loss. */
  readonly isLearnt: boolean;
  /** Of pairs: 0 for the first text, 1 for the second. */
  readonly typeId?: number;
  /** Of words with tags: the tag that the token is to get. */
  readonly tag?: string;
}

export interface SeenLabel {
  readonly name: string;
  /** Its place among the run's labels; undefined when it is not one of them, or when they are not known. */
  readonly index: number | undefined;
}

export interface RenderedPart {
  readonly text: string;
  /** The assistant's own words, and the token that ends its turn. */
  readonly isAssistant: boolean;
}

export interface DescribeOptions {
  /** Of the run, in their order. */
  readonly labels?: readonly string[] | undefined;
  /** Tokens listed of a sequence. */
  readonly maxTokens: number;
}

/** @throws RunFailure when the chat template refuses the conversation, or does not tell who said what */
export function describeRow(row: DataRow, reader: RowReader, options: DescribeOptions): SeenRow {
  const describe = (role: SequenceRole, sequence: Sequence) => list(role, sequence, reader, options);
  switch (row.kind) {
    case 'classification':
      return { sequences: [describe('row', seeTexts(row, reader))], labels: numberLabels([row.label], options) };
    case 'multi-label':
      return { sequences: [describe('row', seeTexts(row, reader))], labels: numberLabels(row.labels, options) };
    case 'token-tags':
      return { sequences: [describe('row', seeWords(row, reader))], labels: [] };
    case 'text':
      return { sequences: [describe('row', seeWholeText(row.text, reader))], labels: [] };
    case 'chat':
      return { sequences: [describe('row', seeConversation(row, reader))], labels: [] };
    case 'preference':
      return { sequences: answersOf(row, reader).map(([role, sequence]) => describe(role, sequence)), labels: [] };
    case 'unpaired-preference': {
      const sequence = seeAnswer(row.prompt, row.completion, reader);
      return {
        sequences: [describe('row', sequence)],
        labels: [{ name: row.isLiked ? 'liked' : 'not liked', index: undefined }],
      };
    }
    case 'embedding':
      return { sequences: textsOf(row).map(([role, text]) => describe(role, seeTexts({ text }, reader))), labels: [] };
    case 'image':
      return { sequences: [], labels: row.label === undefined ? [] : numberLabels([row.label], options) };
    default:
      return row satisfies never;
  }
}

/** What the model reads of one text, and of what it is a part. */
interface Sequence {
  /** Cut. */
  readonly ids: Int32Array;
  readonly tokenCount: number;
  readonly isLearnt: (token: number) => boolean;
  readonly typeIds?: Int32Array | undefined;
  readonly tagOf?: (token: number) => string | undefined;
  readonly lost?: string | undefined;
  readonly rendered?: readonly RenderedPart[];
}

function list(
  role: SequenceRole,
  sequence: Sequence,
  { tokenizer, maxLength }: RowReader,
  options: DescribeOptions,
): SeenSequence {
  const { ids, tokenCount, isLearnt, typeIds, tagOf, lost, rendered } = sequence;
  const tokens = [...ids.subarray(0, options.maxTokens)].map((id, place): SeenToken => {
    const [typeId, tag] = [typeIds?.[place], tagOf?.(place)];
    return {
      id,
      text: tokenizer.spell(id) ?? '',
      isSpecial: tokenizer.specialIds.has(id),
      isLearnt: isLearnt(place),
      ...(typeId !== undefined && { typeId }),
      ...(tag !== undefined && { tag }),
    };
  });
  return {
    role,
    tokens,
    unlisted: ids.length - tokens.length,
    tokenCount,
    maxLength,
    learntTokens: ids.reduce((sum, _, place) => sum + (isLearnt(place) ? 1 : 0), 0),
    ...(lost !== undefined && { lost }),
    ...(rendered && { rendered }),
  };
}

/** What is learnt is the label, no token. */
function seeTexts(row: { readonly text: string; readonly textPair?: string }, reader: RowReader): Sequence {
  const { tokenizer, maxLength } = reader;
  const { ids, typeIds } = encodeTexts(row, reader, maxLength);
  const isLearnt = () => false;
  if (row.textPair === undefined) {
    const tokenCount = tokenizer.count(row.text, { addSpecialTokens: true });
    return { ids, tokenCount, isLearnt, lost: lostOf(row.text, tokenCount - ids.length, tokenizer) };
  }
  return { ids, tokenCount: tokenizer.countPair(row.text, row.textPair), isLearnt, typeIds };
}

/** The end of a text: its last tokens, decoded. */
function lostOf(text: string, lostTokens: number, tokenizer: Tokenizer): string | undefined {
  if (lostTokens <= 0) return undefined;
  return tokenizer.decode(tokenizer.encodeParts(text, { addSpecialTokens: false }).subarray(-lostTokens));
}

/** The first token of each word carries its tag, as is usual. */
function seeWords({ tokens: words, tags }: TokenTagsRow, { tokenizer, maxLength }: RowReader): Sequence {
  const tokenCount = tokenizer.encodeWords(words, Infinity).ids.length;
  const { ids, wordOf } = tokenizer.encodeWords(words, maxLength);
  const isFirst = (token: number) => wordOf[token] !== -1 && wordOf[token] !== wordOf[token - 1];
  return { ids, tokenCount, isLearnt: isFirst, tagOf: (token) => (isFirst(token) ? tags[wordOf[token] ?? -1] : undefined) };
}

/** Every token is predicted from those before it; the first has none. */
function seeWholeText(text: string, { tokenizer, maxLength }: RowReader): Sequence {
  const tokenCount = tokenizer.count(text, { addSpecialTokens: true });
  const ids = tokenizer.encode(text, maxLength);
  return { ids, tokenCount, isLearnt: (token) => token > 0, lost: lostOf(text, tokenCount - ids.length, tokenizer) };
}

/** `learntTurns`: only so many of the last ones are learnt from; all when absent. */
function seeConversation(conversation: Conversation, reader: RowReader, learntTurns = Infinity): Sequence {
  const { text, ids: all, turns } = encodeConversation(conversation, reader);
  const learnt = learntTurns === Infinity ? turns : turns.slice(Math.max(0, turns.length - learntTurns));
  const ids = all.subarray(0, reader.maxLength);
  const isCut = all.length > ids.length;
  return {
    ids,
    tokenCount: all.length,
    isLearnt: (token) => token > 0 && learnt.some(({ firstToken, endToken }) => token >= firstToken && token < endToken),
    lost: isCut ? reader.tokenizer.decode(all.subarray(ids.length)) : undefined,
    rendered: partsOf(text, learnt),
  };
}

function partsOf(text: string, turns: readonly { readonly start: number; readonly end: number }[]): RenderedPart[] {
  const ends = turns.map(({ end }) => end);
  const parts = turns.flatMap(({ start, end }, index) => [
    { text: text.slice(ends[index - 1] ?? 0, start), isAssistant: false },
    { text: text.slice(start, end), isAssistant: true },
  ]);
  return [...parts, { text: text.slice(ends.at(-1) ?? 0), isAssistant: false }].filter((part) => part.text !== '');
}

type Messages = Conversation['messages'];

function seeAnswer(prompt: Messages, answer: Messages, reader: RowReader): Sequence {
  const turns = answer.filter(({ role }) => role === 'assistant').length;
  return seeConversation({ messages: [...prompt, ...answer] }, reader, turns);
}

function answersOf({ prompt, chosen, rejected }: PreferenceRow, reader: RowReader): [SequenceRole, Sequence][] {
  return [
    ['chosen', seeAnswer(prompt, chosen, reader)],
    ['rejected', seeAnswer(prompt, rejected, reader)],
  ];
}

function textsOf({ anchor, positive, negative }: EmbeddingRow): [SequenceRole, string][] {
  const texts: [SequenceRole, string][] = [
    ['anchor', anchor],
    ['positive', positive],
  ];
  return negative === undefined ? texts : [...texts, ['negative', negative]];
}

function numberLabels(names: readonly string[], { labels }: DescribeOptions): SeenLabel[] {
  return names.map((name) => {
    const index = labels?.indexOf(name) ?? -1;
    return { name, index: index < 0 ? undefined : index };
  });
}
