/**
 * How many tokens a text can have at the most, by its length alone: what is short enough need not be tokenized to know
 * that it is not cut. Computed from what the tokenizer is made of; Infinity for parts that are not known here.
 */
import { stepsOf, type TokenizerDefinition, type TokenizerPart } from './tokenizer-definition';

/** UTF-8 bytes of a UTF-16 unit. */
const bytesPerUnit = 3;

/** How many units one unit can become: U+FDFA in NFKC, a Korean syllable in BERT's, İ in small letters. */
const growth: Readonly<Record<string, number>> = {
  NFC: 3,
  NFD: 4,
  NFKC: 18,
  NFKD: 18,
  Precompiled: 18,
  Lowercase: 2,
  StripAccents: 1,
  Strip: 1,
  BertNormalizer: 3,
};

/** `ascii`: of texts that have no other characters, which is what most are. */
export interface TokenBound {
  readonly any: number;
  readonly ascii: number;
}

/** Tokens per UTF-16 unit of a text that is not empty, without those that the model adds. */
export function mostTokensPerUnit(definition: TokenizerDefinition, settings: object): TokenBound {
  return { any: boundOf(definition, settings, false), ascii: boundOf(definition, settings, true) };
}

function boundOf(definition: TokenizerDefinition, settings: object, isAscii: boolean): number {
  if ('do_lowercase_and_remove_accent' in settings) return Infinity;
  const preTokenizers = stepsOf(definition.pre_tokenizer);
  const grown = stepsOf(definition.normalizer).reduce((most, part) => most * growthOf(part, isAscii), 1);
  const isOfBytes = definition.model['byte_fallback'] === true || hasByteLevel(definition);
  const addsSpaces = preTokenizers.some((part) => part.type === 'Metaspace' || part['add_prefix_space'] === true);
  if (!preTokenizers.every(isKnown)) return Infinity;
  return (grown + (addsSpaces ? 1 : 0)) * (isOfBytes && !isAscii ? bytesPerUnit : 1);
}

/** Whether the vocabulary has bytes, written as letters. */
export function hasByteLevel(definition: TokenizerDefinition): boolean {
  return stepsOf(definition.pre_tokenizer).some(({ type }) => type === 'ByteLevel');
}

const knownPreTokenizers = [
  ...['BertPreTokenizer', 'Whitespace', 'WhitespaceSplit', 'ByteLevel', 'Metaspace'],
  ...['Split', 'Punctuation', 'Digits', 'FixedLength'],
];

function isKnown({ type, replacement, str_rep: written }: TokenizerPart): boolean {
  const isOneLetter = [replacement, written].every((text) => text == null || (typeof text === 'string' && text.length === 1));
  return knownPreTokenizers.includes(type) && (type !== 'Metaspace' || isOneLetter);
}

function growthOf(part: TokenizerPart, isAscii: boolean): number {
  if (part.type === 'Prepend') return 1 + lengthOf(part['prepend']);
  if (part.type === 'Replace') return 1 + 2 * lengthOf(part['content']); // between all units, and behind the last
  const grown = growth[part.type] ?? Infinity;
  return isAscii && grown < Infinity ? 1 : grown;
}

function lengthOf(text: unknown): number {
  return typeof text === 'string' ? text.length : 0;
}
