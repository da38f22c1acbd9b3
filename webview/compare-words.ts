/** Which words of an answer the expected answer has too, in the same order: the longest common subsequence. Pure. */

export interface TextPart {
  readonly text: string;
  readonly isShared: boolean;
}

export interface WordComparison {
  /** The answer, cut where sharing begins or ends. */
  readonly parts: readonly TextPart[];
  /** Word for word and sign for sign. */
  readonly isEqual: boolean;
  /** Undefined where one of the two is too long to compare. */
  readonly sharedWords: number | undefined;
  readonly expectedWords: number;
}

/** In words; the work grows with the product of both. */
const maxComparedWords = 400;

export function compareWords(answer: string, expected: string): WordComparison {
  const segments = segmentsOf(answer);
  const expectedWords = wordsOf(segmentsOf(expected));
  const shared = findShared(wordsOf(segments), expectedWords);
  const isEqual = answer.trim() === expected.trim();
  const parts = isEqual ? [{ text: answer, isShared: true }] : joinParts(segments, shared ?? new Set());
  return { parts, isEqual, sharedWords: shared?.size, expectedWords: expectedWords.length };
}

interface Segment {
  readonly text: string;
  readonly isWord: boolean;
}

/** By the rules of Unicode, which also find words where nothing is written between them. */
const segmenter = new Intl.Segmenter('en', { granularity: 'word' });

function segmentsOf(text: string): Segment[] {
  return Array.from(segmenter.segment(text), ({ segment, isWordLike }) => ({ text: segment, isWord: isWordLike === true }));
}

function wordsOf(segments: readonly Segment[]): string[] {
  return segments.filter(({ isWord }) => isWord).map(({ text }) => text);
}

/** Indices into `answer`. */
function findShared(answer: readonly string[], expected: readonly string[]): Set<number> | undefined {
  if (answer.length > maxComparedWords || expected.length > maxComparedWords) return undefined;
  const shared = new Set<number>();
  const lengths = commonLengths(answer, expected);
  const lengthAt = (row: number, column: number): number => lengths[row * (expected.length + 1) + column] ?? 0;
  let [row, column] = [0, 0];
  while (row < answer.length && column < expected.length) {
    if (answer[row] === expected[column]) {
      shared.add(row);
      row += 1;
      column += 1;
    } else if (lengthAt(row, column + 1) >= lengthAt(row + 1, column)) column += 1;
    else row += 1;
  }
  return shared;
}

/** For each pair of places, how many words the rests after them share; (answer + 1) × (expected + 1). */
function commonLengths(answer: readonly string[], expected: readonly string[]): Uint16Array {
  const width = expected.length + 1;
  const lengths = new Uint16Array((answer.length + 1) * width);
  const lengthAt = (row: number, column: number): number => lengths[row * width + column] ?? 0;
  for (let row = answer.length - 1; row >= 0; row--) {
    for (let column = expected.length - 1; column >= 0; column--) {
      lengths[row * width + column] =
        answer[row] === expected[column]
          ? lengthAt(row + 1, column + 1) + 1
          : Math.max(lengthAt(row + 1, column), lengthAt(row, column + 1));
    }
  }
  return lengths;
}

/** What stands between two shared words belongs to them. */
function joinParts(segments: readonly Segment[], shared: ReadonlySet<number>): TextPart[] {
  const parts: TextPart[] = [];
  let word = 0;
  for (const { text, isWord } of segments) {
    const isShared = isWord ? shared.has(word) : shared.has(word - 1) && shared.has(word);
    if (isWord) word += 1;
    const last = parts.at(-1);
    if (last?.isShared === isShared) parts[parts.length - 1] = { text: last.text + text, isShared };
    else parts.push({ text, isShared });
  }
  return parts;
}
