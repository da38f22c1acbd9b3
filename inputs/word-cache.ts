/**
 * Tokenizes word by word and remembers the words, which makes it several times as fast. Only for tokenizers of which it is
 * known that a word has the same tokens whatever stands around it: those that cut at spaces and line breaks before they do anything else.
 */
import { z } from 'zod';
import { stepsOf, type AddedToken, type TokenizerDefinition, type TokenizerPart } from './tokenizer-definition';

/** More are forgotten all at once: the frequent ones are soon back. */
const maxWords = 50_000;
/** Longer ones are hardly ever met again. */
const maxWordUnits = 32;

type Tokenize = (text: string) => readonly string[];

export function rememberWords(tokenize: Tokenize): Tokenize {
  const words = new Map<string, readonly string[]>();
  const tokensOfWord = (word: string) => {
    const known = words.get(word);
    if (known !== undefined || word.length > maxWordUnits) return known ?? tokenize(word);
    if (words.size >= maxWords) words.clear();
    const copy = `${word} `.slice(0, -1); // a slice of its row would keep the whole row in memory
    const tokens = tokenize(copy);
    words.set(copy, tokens);
    return tokens;
  };
  return (text) => {
    const tokens: string[] = [];
    let start = 0;
    while (start < text.length) {
      const end = endOfWord(text, start);
      for (const token of tokensOfWord(text.slice(start, end))) tokens.push(token);
      start = end;
    }
    return tokens;
  };
}

/**
 * A word begins with the spaces in front of it and ends with the line break behind it. It ends only beside a visible ASCII
 * character, where no tokenizer, and no normalisation, looks across: of several breaks, and spaces beside them, some make
 * one token of all.
 */
function endOfWord(text: string, start: number): number {
  for (let at = start + 1; at < text.length; at++) {
    const [before, code] = [text.charCodeAt(at - 1), text.charCodeAt(at)];
    if (code === space && isVisible(before)) return at;
    if (before === lineBreak && isVisible(code) && isVisible(text.charCodeAt(at - 2))) return at;
  }
  return text.length;
}

const [space, lineBreak] = [0x20, 0x0a];

function isVisible(code: number): boolean {
  return code > 0x20 && code < 0x7f;
}

/** Of which no match goes on behind a space that is not its first character, nor asks what stands before it. */
const knownPatterns: ReadonlySet<unknown> = new Set([
  // Llama 3, Qwen 2 and 3, GPT-4
  "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}{1,3}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+",
  "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+",
  "'(?i:[sdmt]|ll|ve|re)|[^\\r\\n\\p{L}\\p{N}]?+\\p{L}+|\\p{N}{1,3}| ?[^\\s\\p{L}\\p{N}]++[\\r\\n]*|\\s*[\\r\\n]|\\s+(?!\\S)|\\s+",
  // GPT-2
  "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+",
]);

/** They change a character, or a character and its accents, and no space beside a visible one. */
const localNormalizers = ['BertNormalizer', 'Lowercase', 'StripAccents', 'NFC', 'NFD', 'NFKC', 'NFKD'];
const cuttersAtSpaces = ['BertPreTokenizer', 'Whitespace', 'WhitespaceSplit'];

const settingsSchema = z.looseObject({
  remove_space: z.literal(false).nullish(),
  do_lowercase_and_remove_accent: z.literal(false).nullish(),
});

/** Whether tokenizing words and putting their tokens together is the same as tokenizing the text. */
export function cutsAtSpaces(definition: TokenizerDefinition, settings: unknown): boolean {
  if (!settingsSchema.safeParse(settings).success || definition.added_tokens.some(reachesOut)) return false;
  if (!stepsOf(definition.normalizer).every(({ type }) => localNormalizers.includes(type))) return false;
  const parts = stepsOf(definition.pre_tokenizer).filter(({ type }) => type !== 'Digits');
  const [first, ...others] = parts;
  if (first === undefined) return false;
  const isByteLevel = (part: TokenizerPart) => part.type === 'ByteLevel';
  if (parts.some((part) => isByteLevel(part) && part['add_prefix_space'] === true)) return false;
  if (others.length === 0) return cuttersAtSpaces.includes(first.type) || (isByteLevel(first) && first['use_regex'] !== false);
  return isKnownSplit(first) && others.every(isByteLevel);
}

/** Beyond itself, when it is found. */
function reachesOut({ content, lstrip, rstrip, single_word: isWord }: AddedToken): boolean {
  return [lstrip, rstrip, isWord].includes(true) || /\s/.test(content);
}

function isKnownSplit(part: TokenizerPart): boolean {
  const pattern = z.looseObject({ Regex: z.string() }).safeParse(part['pattern']).data?.Regex;
  return part.type === 'Split' && part['behavior'] === 'Isolated' && part['invert'] !== true && knownPatterns.has(pattern);
}
