/**
 * Which token a character of a text fell into. The library gives no offsets, and a part of a text encoded alone has other
 * tokens than within it; so the tokens of the whole are decoded again, between special tokens, and compared with the text.
 */
import type { Tokenizer } from './tokenizer';

/** Text without special tokens inside, and its tokens. */
interface Segment {
  /** Where it begins in the text, and its first token. */
  readonly start: number;
  readonly firstToken: number;
  readonly text: string;
  readonly ids: Int32Array;
}

export interface TokenBoundaries {
  /** How many tokens it takes to hold the text up to `position`. */
  through(position: number): number;
  /** How many tokens end at `position` or before it: one that reaches beyond is not counted. */
  before(position: number): number;
}

/**
 * `ids` must be those of the text, without special tokens added around it. Undefined when decoding them does not give the
 * text back, so that no place in it can be found.
 */
export function findTokenBoundaries(tokenizer: Tokenizer, text: string, ids: Int32Array): TokenBoundaries | undefined {
  const segments = splitAtSpecialTokens(tokenizer, text, ids);
  if (segments === undefined) return undefined;
  const find = (position: number) => {
    const segment = segments.findLast(({ start }) => start < position);
    return segment === undefined ? { count: 0, isExact: true } : findInSegment(tokenizer, segment, position);
  };
  return {
    through: (position) => find(position).count,
    before: (position) => {
      const { count, isExact } = find(position);
      return isExact ? count : count - 1;
    },
  };
}

/** Special tokens are the same in the text and among the ids: they tie both together. Each is a segment of its own. */
function splitAtSpecialTokens(tokenizer: Tokenizer, text: string, ids: Int32Array): Segment[] | undefined {
  const segments: Segment[] = [];
  let [start, firstToken] = [0, 0];
  for (let token = 0; token <= ids.length; token++) {
    const id = ids[token];
    if (id !== undefined && !tokenizer.specialIds.has(id)) continue;
    const content = id === undefined ? '' : tokenizer.decode([id]);
    const at = id === undefined ? text.length : text.indexOf(content, start);
    if (at < 0) return undefined;
    const between = matchSegment(tokenizer, {
      start,
      firstToken,
      text: text.slice(start, at),
      ids: ids.subarray(firstToken, token),
    });
    if (between === undefined) return undefined;
    segments.push(between, { start: at, firstToken: token, text: content, ids: ids.subarray(token, token + 1) });
    [start, firstToken] = [at + content.length, token + 1];
  }
  return segments.filter(({ ids: own }) => own.length > 0);
}

/** Some tokenizers take the spaces beside special tokens: what is left must be what the tokens say. */
function matchSegment(tokenizer: Tokenizer, segment: Segment): Segment | undefined {
  const { text, start, ids } = segment;
  const decoded = tokenizer.decode(ids);
  if (decoded === text) return segment;
  const leading = text.length - text.trimStart().length;
  if (decoded === text.trimStart() || decoded === text.trim()) return { ...segment, start: start + leading, text: decoded };
  return decoded === text.trimEnd() ? { ...segment, text: decoded } : undefined;
}

/** The fewest tokens that hold the text up to `position`, and whether the last of them ends there. */
function findInSegment(tokenizer: Tokenizer, segment: Segment, position: number): { count: number; isExact: boolean } {
  const wanted = Math.min(position - segment.start, segment.text.length);
  let [low, high] = [0, segment.ids.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (lengthOfPrefix(tokenizer, segment, middle) < wanted) low = middle + 1;
    else high = middle;
  }
  return { count: segment.firstToken + low, isExact: lengthOfPrefix(tokenizer, segment, low) === wanted };
}

/** How many characters the first tokens hold. Half a character decodes to a mark that the text has not, and is not counted. */
function lengthOfPrefix(tokenizer: Tokenizer, { text, ids }: Segment, count: number): number {
  const decoded = tokenizer.decode(ids.subarray(0, count));
  let length = 0;
  while (length < decoded.length && decoded[length] === text[length]) length++;
  return length;
}
