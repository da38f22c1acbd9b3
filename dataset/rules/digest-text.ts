/** Which texts of a row its digest is made of, and how they are levelled before they are compared. */
import type { RowView } from '../shapes/shape';

/** Rows that say one of a few things about their input: contradictions and classes are theirs. */
export function isLabelled({ kind, labels }: RowView): boolean {
  return kind === 'classification' || kind === 'multi-label' || kind === 'token-tags' || (kind === 'image' && labels.length > 0);
}

/** What is asked, or all there is where nothing is. */
export function inputOf(view: RowView): string {
  return view.input.text === '' && !isLabelled(view) ? view.target.text : view.input.text;
}

/** What near-duplicates are told by: the input, and the answers where they are no labels. Images are not compared. */
export function comparedText(view: RowView): string {
  if (view.kind === 'image') return '';
  if (isLabelled(view)) return inputOf(view);
  const texts = [view.input.text, view.target.text, view.preference?.rejected.text ?? ''];
  return texts.filter((text) => text !== '').join('\n');
}

/** Trimmed, in lower case, with one space wherever there is space. */
export function normalise(text: string): string {
  const lower = text.trim().toLowerCase();
  return /\s\s|[^\S ]/.test(lower) ? lower.replace(/\s+/g, ' ') : lower;
}

/** The first (or last) three words of a normalised text that has more than these; empty when it has not. */
export function edgeWords(normal: string, edge: 'begin' | 'end'): string {
  let cut = edge === 'begin' ? -1 : normal.length;
  for (let word = 0; word < edgeLength; word++) {
    cut = edge === 'begin' ? normal.indexOf(' ', cut + 1) : normal.lastIndexOf(' ', cut - 1);
    if (cut <= 0) return '';
  }
  return edge === 'begin' ? normal.slice(0, cut) : normal.slice(cut + 1);
}

const edgeLength = 3;
