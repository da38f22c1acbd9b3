/** Puts a word in brackets where something stood that nobody should learn. */
import type { Span } from '../formats/format';
import type { FindingFix } from './rule';

export interface Replacement extends Span {
  /** Such as "[e-mail]". */
  readonly by: string;
}

/** One fix for all of them, as a value is replaced as a whole. They are in order and do not overlap. */
export function replaceSpans(text: string, replacements: readonly Replacement[], title: string): FindingFix {
  const parts: string[] = [];
  let end = 0;
  for (const replacement of replacements) {
    parts.push(text.slice(end, replacement.start), replacement.by);
    end = replacement.end;
  }
  return { kind: 'replace-value', title, isSafe: false, text: parts.join('') + text.slice(end) };
}

/** In the order of the text; of those that overlap, the first. */
export function withoutOverlaps<Found extends Span>(found: readonly Found[]): Found[] {
  const kept: Found[] = [];
  for (const span of [...found].sort((a, b) => a.start - b.start || b.end - a.end)) {
    if (span.start >= (kept.at(-1)?.end ?? 0)) kept.push(span);
  }
  return kept;
}
