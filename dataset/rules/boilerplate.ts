/**
 * Words that most rows begin or end with: a signature line, a disclaimer, an instruction that belongs into the system message.
 * They cost tokens in every row, and are learnt instead of what differs.
 */
import type { NumberName } from './digest';
import { inputOf, normalise } from './digest-text';
import type { DigestRows } from './digest-rows';
import type { FileFinding, Findings } from './rule';

/** Fewer rows share their words by chance. */
const fewestRows = 20;
const share = 0.5;
const rowsRead = 64;

export interface Boilerplate {
  readonly part: 'input' | 'answer';
  readonly edge: 'begin' | 'end';
  /** Normalised. */
  readonly words: readonly string[];
  /** Of all rows. */
  readonly share: number;
}

const places = [
  { column: 'inputBegin', part: 'input', edge: 'begin' },
  { column: 'inputEnd', part: 'input', edge: 'end' },
  { column: 'answerBegin', part: 'answer', edge: 'begin' },
  { column: 'answerEnd', part: 'answer', edge: 'end' },
] as const satisfies readonly { column: NumberName; part: Boilerplate['part']; edge: Boilerplate['edge'] }[];

export function* findBoilerplate(rows: DigestRows): Findings {
  for (const found of collectBoilerplate(rows)) {
    yield describe(rows, found);
  }
}

/** Three or more words that more than half of the rows share at one end, where rows have more words than these. */
export function collectBoilerplate(rows: DigestRows): Boilerplate[] {
  if (rows.count < fewestRows || rows.kind === 'image') return [];
  return places.flatMap((place) => collectAt(rows, place));
}

function collectAt(rows: DigestRows, { column, part, edge }: (typeof places)[number]): Boilerplate[] {
  const hashes = rows.numbers(column);
  const majority = findMajority(hashes);
  const sharing = majority === 0 ? [] : collectSharing(hashes, majority);
  if (sharing.length <= share * rows.count) return [];
  const texts = sampleTexts(rows, sharing, part);
  if (new Set(texts).size <= texts.length / 10) return []; // those are prompts that repeat
  const split = texts.map((text) => wordsOf(text, edge));
  const { words, share: found } = extend(split, sharing.length / rows.count);
  return [{ part, edge, words: edge === 'begin' ? words : words.reverse(), share: found }];
}

/** The only value that more than half can have (Boyer and Moore). */
function findMajority(values: Uint32Array): number {
  let [majority, lead] = [0, 0];
  for (const value of values) {
    if (lead === 0) majority = value;
    lead += value === majority ? 1 : -1;
  }
  return majority;
}

function collectSharing(values: Uint32Array, majority: number): number[] {
  const rows: number[] = [];
  for (let row = 0; row < values.length; row++) if (values[row] === majority) rows.push(row);
  return rows;
}

function sampleTexts(rows: DigestRows, sharing: readonly number[], part: Boilerplate['part']): string[] {
  const step = Math.max(1, Math.floor(sharing.length / rowsRead));
  const sample = sharing.filter((_, index) => index % step === 0).slice(0, rowsRead);
  return sample.flatMap((row) => {
    const view = rows.viewOf(row);
    return view === undefined ? [] : [normalise(part === 'input' ? inputOf(view) : view.target.text)];
  });
}

/** From the outer end inwards. */
function wordsOf(text: string, edge: Boilerplate['edge']): string[] {
  const words = text.split(' ');
  return edge === 'begin' ? words : words.reverse();
}

/** Adds word after word as long as more than half of all rows share it. */
function extend(texts: readonly string[][], sharing: number): { words: string[]; share: number } {
  let [members, words] = [texts, [] as string[]];
  for (;;) {
    const next = mostFrequent(members.flatMap((text) => (text.length > words.length + 1 ? [text[words.length] ?? ''] : [])));
    const remaining = members.filter((text) => text.length > words.length + 1 && text[words.length] === next);
    const isShared = sharing * (remaining.length / texts.length) > share;
    if (next === undefined || !isShared) return { words, share: sharing * (members.length / texts.length) };
    [members, words] = [remaining, [...words, next]];
  }
}

function mostFrequent(words: readonly string[]): string | undefined {
  const counts = new Map<string, number>();
  for (const word of words) counts.set(word, (counts.get(word) ?? 0) + 1);
  return [...counts].sort(([, a], [, b]) => b - a)[0]?.[0];
}

function describe(rows: DigestRows, { part, edge, words, share: found }: Boilerplate): FileFinding {
  const noun = part === 'answer' ? 'answers' : isConversation(rows) ? 'prompts' : 'texts';
  const example = words.length > 16 ? [...words.slice(0, 8), '…', ...words.slice(-7)] : words;
  return {
    code: 'boilerplate',
    place: undefined,
    path: [],
    message:
      `${Math.round(100 * found)} % of the ${noun} ${edge} with the same ${words.length} words: ${JSON.stringify(example.join(' '))}. ` +
      'They cost tokens in every row and teach nothing. Take them out, unless the model is to be used with them.',
  };
}

function isConversation({ kind }: DigestRows): boolean {
  return kind === 'chat' || kind === 'preference' || kind === 'unpaired-preference';
}

/** The input or the answer of a row without what more than half of its fellows share with it. */
export function withoutBoilerplate(text: string, part: Boilerplate['part'], boilerplate: readonly Boilerplate[]): string {
  const common = boilerplate.filter((found) => found.part === part);
  if (common.length === 0) return text;
  let words = normalise(text).split(' ');
  for (const { edge, words: shared } of common) {
    const there = edge === 'begin' ? words.slice(0, shared.length) : words.slice(-shared.length);
    if (there.join(' ') !== shared.join(' ')) continue;
    words = edge === 'begin' ? words.slice(shared.length) : words.slice(0, -shared.length);
  }
  return words.join(' ');
}
