/**
 * How tags mark the words of one name. In IOB2 a name begins with B ("B-person I-person"); in IOB1 only one that follows
 * another of its type does; in BIOES (BILOU, BMES) the last word and a single word have letters of their own, too. Which
 * one a file uses is told from its first rows, because one row cannot: "O I-person" is right in IOB1 and broken in IOB2.
 */

export interface TagScheme {
  readonly name: 'iob1' | 'iob2' | 'bioes' | 'bilou' | 'bmes';
  /** The letters for the first, an inner, the last and the only word of a name. */
  readonly first: string;
  readonly inner: string;
  readonly last: string;
  readonly only: string;
}

export interface Tag {
  /** Empty where the tag has none: "O", or a tag of one word such as "NOUN". */
  readonly letter: string;
  readonly type: string;
  /** Where the type begins in the tag. */
  readonly typeStart: number;
}

export interface BrokenTag {
  readonly index: number;
  /** That mends it, without touching others. */
  readonly tag: string;
  readonly reason: string;
}

const iob2: TagScheme = { name: 'iob2', first: 'B', inner: 'I', last: 'I', only: 'B' };
const iob1: TagScheme = { ...iob2, name: 'iob1' };
const bioes: TagScheme = { name: 'bioes', first: 'B', inner: 'I', last: 'E', only: 'S' };
const bilou: TagScheme = { ...bioes, name: 'bilou', last: 'L', only: 'U' };
const bmes: TagScheme = { ...bioes, name: 'bmes', inner: 'M' };

export function readTag(tag: string): Tag {
  const hasLetter = tag[1] === '-' && 'BIMELSU'.includes(tag.charAt(0));
  if (hasLetter) return { letter: tag.charAt(0), type: tag.slice(2), typeStart: 2 };
  return tag === 'B' || tag === 'I' ? { letter: tag, type: '', typeStart: 1 } : { letter: '', type: tag, typeStart: 0 };
}

/** `undefined` where no tag has a letter: such tags cannot break. */
export function recogniseTagScheme(sequences: readonly (readonly string[])[]): TagScheme | undefined {
  const letters = new Set(sequences.flat().map((tag) => readTag(tag).letter));
  if (letters.has('L') || letters.has('U')) return bilou;
  if (letters.has('M')) return bmes;
  if (letters.has('E') || letters.has('S')) return bioes;
  if (!letters.has('B') && !letters.has('I')) return undefined;
  const begins = countBegins(sequences);
  return begins.withInner > begins.withFirst ? iob1 : iob2;
}

/** How often a name that does not follow one of its own type begins with B, and how often with I. */
function countBegins(sequences: readonly (readonly string[])[]): { withFirst: number; withInner: number } {
  const begins = { withFirst: 0, withInner: 0 };
  for (const sequence of sequences) {
    let before: Tag | undefined;
    for (const tag of sequence.map(readTag)) {
      const isBegin = tag.letter !== '' && !(before && before.letter !== '' && before.type === tag.type);
      if (isBegin && tag.letter === 'B') begins.withFirst++;
      if (isBegin && tag.letter === 'I') begins.withInner++;
      before = tag;
    }
  }
  return begins;
}

export function findBrokenTags(tags: readonly string[], scheme: TagScheme): BrokenTag[] {
  if (scheme.name === 'iob1' || tags.every((tag) => tag === 'O')) return [];
  const read = tags.map(readTag);
  return read.flatMap((tag, index) => {
    if (tag.letter === '') return [];
    const isOpen = continues(scheme, read[index - 1], tag);
    const isFollowed = continues(scheme, tag, read[index + 1]);
    const letter = mendLetter(scheme, tag.letter, { isOpen, isFollowed });
    if (letter === tag.letter) return [];
    const reason =
      isOpener(scheme, letter) && !isOpener(scheme, tag.letter) ? describeBefore(tags, index) : describeAfter(tags, index);
    return [{ index, tag: letter + (tags[index] ?? '').slice(1), reason }];
  });
}

/** Whether the second tag goes on with the name that the first one is in, and the first one lets it. */
function continues(scheme: TagScheme, tag: Tag | undefined, next: Tag | undefined): boolean {
  if (tag?.type !== next?.type || !tag || !next) return false;
  const isInside = tag.letter === scheme.first || tag.letter === scheme.inner;
  return isInside && (next.letter === scheme.inner || next.letter === scheme.last);
}

/** The letter as it is where it can stand; in IOB2 the last word has the inner letter, and the only one the first. */
function mendLetter(scheme: TagScheme, letter: string, { isOpen, isFollowed }: { isOpen: boolean; isFollowed: boolean }): string {
  if (isOpener(scheme, letter) || !isOpen) return isFollowed ? scheme.first : scheme.only;
  return isFollowed ? scheme.inner : scheme.last;
}

function isOpener(scheme: TagScheme, letter: string): boolean {
  return letter === scheme.first || letter === scheme.only;
}

function describeBefore(tags: readonly string[], index: number): string {
  const tag = tags[index] ?? '';
  const before = tags[index - 1];
  return before === undefined ? `"${tag}" begins the sentence` : `"${tag}" follows "${before}"`;
}

function describeAfter(tags: readonly string[], index: number): string {
  const after = tags[index + 1];
  return after === undefined ? `"${tags[index] ?? ''}" ends the sentence` : `"${tags[index] ?? ''}" is followed by "${after}"`;
}
