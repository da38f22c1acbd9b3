/**
 * Undoes a wrong decoding where there is no doubt: "cafÃ©" becomes "café", and "SÃO" stays. What may stand in a right text
 * as well, such as "É”" at the end of a quotation, is left alone unless the text around it is wrong for certain.
 */
import type { Span } from '../formats/format';
import { coversAll, findSequences, otherEncodings, windows1252, type Sequence } from './mojibake-sequences';

export interface Repair {
  readonly text: string;
  /** The first character that was mended, as it stands now; and as it should be. */
  readonly first: Span;
  readonly character: string;
  readonly places: number;
  readonly encoding: string;
  /** How often it was decoded wrongly. */
  readonly times: number;
}

const mostTimes = 3;

export function repairMojibake(text: string): Repair | undefined {
  const once = repairOnce(text);
  if (once === undefined) return undefined;
  let { text: repaired } = once;
  let times = 1;
  for (let again = repairOnce(repaired); again && times < mostTimes; again = repairOnce(repaired)) {
    repaired = again.text;
    times++;
  }
  return { ...once, text: repaired, times };
}

function repairOnce(text: string): Repair | undefined {
  const sequences = findSequences(text, windows1252);
  const wrong = chooseWrong(text, sequences);
  if (wrong.length > 0) return replace(text, wrong, windows1252.name);
  for (const encoding of otherEncodings) {
    const found = findSequences(text, encoding);
    const isWrong = encoding.name === 'macintosh' ? found.some(({ lead }) => lead === 0xe2) : found.length >= 3;
    if (isWrong && coversAll(text, found)) return replace(text, found, encoding.name);
  }
  return undefined;
}

function replace(text: string, sequences: readonly Sequence[], encoding: string): Repair | undefined {
  const [first] = sequences;
  if (first === undefined) return undefined;
  const parts: string[] = [];
  let end = 0;
  for (const sequence of sequences) {
    parts.push(text.slice(end, sequence.start), sequence.character);
    end = sequence.end;
  }
  const repaired = parts.join('') + text.slice(end);
  return { text: repaired, first, character: first.character, places: sequences.length, encoding, times: 1 };
}

/** Those that are wrong for certain and what touches them; all, when the text is wrong as a whole. */
function chooseWrong(text: string, sequences: readonly Sequence[]): readonly Sequence[] {
  if (sequences.length === 0) return [];
  const isCertain = sequences.map((sequence, index) => isWrong(text, sequence, sequences[index - 1], sequences[index + 1]));
  const manyAndStrange = sequences.length >= 3 && sequences.some((sequence) => isStrange(text, sequence));
  if ((isCertain.includes(true) || manyAndStrange) && coversAll(text, sequences)) return sequences;
  return sequences.filter((_, index) => isCertain[index]);
}

function isWrong(text: string, sequence: Sequence, previous: Sequence | undefined, next: Sequence | undefined): boolean {
  const { start, end, lead, character } = sequence;
  const before = text.charAt(start - 1);
  const after = text.charAt(end);
  if (lead === 0xc2) return !isUpper(before) && !/["'«“‘(]/.test(before) && /[\u00a0-\u00ba\u00bc-\u00bf]/.test(character);
  if (lead === 0xc3) return isWrongLatin(text, sequence);
  if (lead === 0xe2) return isStrange(text, sequence) && /[\u2010-\u203a\u20ac\u2122\u2190-\u22ff\u2500-\u27bf]/.test(character);
  if (lead >= 0xf0) return text.charCodeAt(start + 1) === 0x178;
  if (text.startsWith('ï»¿', start)) return true;
  const isInRun = previous?.end === start || next?.start === end;
  if (isInRun && (isStrange(text, sequence) || [previous, next].some((other) => other && isStrange(text, other)))) return true;
  if (lead === 0xe1) return isLetter(before) && isLetter(after) && isStrange(text, sequence);
  return lead <= 0xc5 && isMisplaced(text, sequence);
}

/** "Ã" and what makes a letter of western Europe with it. */
function isWrongLatin(text: string, sequence: Sequence): boolean {
  const before = text.charAt(sequence.start - 1);
  if (isUpper(before) && !isMisplaced(text, sequence)) return isUpper(sequence.character) && isStrange(text, sequence);
  return isStrange(text, sequence) || isMisplaced(text, sequence) || /[\u00a0©ª®°²³º]/.test(text.charAt(sequence.start + 1));
}

/** A capital behind a small letter, or a sign of punctuation between a capital and a small letter. */
function isMisplaced(text: string, { start, end }: Sequence): boolean {
  return isLower(text.charAt(start - 1)) || (isLower(text.charAt(end)) && !/[\u00a0–—’]/.test(text.slice(start + 1, end)));
}

/** Whether something is in it that never follows a letter in a right text. */
function isStrange(text: string, { start, end }: Sequence): boolean {
  return /[^\u00a0…–—‘’“”«»‹›„‚™®©°²³¹ªº·•´¨¿¡]/.test(text.slice(start + 1, end));
}

function isUpper(character: string): boolean {
  return /^\p{Lu}/u.test(character);
}

function isLower(character: string): boolean {
  return /^\p{Ll}/u.test(character);
}

function isLetter(character: string): boolean {
  return /^\p{L}/u.test(character);
}
