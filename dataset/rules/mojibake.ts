/** Text that was decoded with the wrong encoding once: what it should be, where that can be told. */
import type { RowText } from '../shapes/shape';
import { repairMojibake } from './mojibake-repair';
import type { RowFinding, RowRule } from './rule';

export const findMojibake: RowRule = (_row, { texts }) => {
  const findings: RowFinding[] = [];
  for (const text of texts) if (/[^\0-\x7f]/.test(text.text)) lookAt(text, findings);
  return findings;
};

function lookAt({ path, text }: RowText, findings: RowFinding[]): void {
  const wrong = findWrongDecoding({ path, text }) ?? findLatin1({ path, text });
  if (wrong !== undefined) findings.push(wrong);
  const lost = text.indexOf('\ufffd');
  if (lost >= 0) findings.push(lostCharacters({ path, text }, lost));
}

function findWrongDecoding({ path, text }: RowText): RowFinding | undefined {
  const repair = repairMojibake(text);
  if (repair === undefined) return undefined;
  const { first, encoding, places, times } = repair;
  const how = `UTF-8 that was read as ${encoding}${times === 1 ? '' : times === 2 ? ' twice' : ` ${times} times`}`;
  const message = `${quote(text.slice(first.start, first.end))} is ${how}${inAll(places)}: the text should be ${quote(excerpt(repair.text, first.start))}.`;
  return {
    code: 'mojibake',
    path,
    within: { start: first.start, end: first.end },
    message,
    fix: repairTo(repairLatin1(repair.text) ?? repair.text),
  };
}

/** Control characters that windows-1252 has letters and quotes for; a text with others than its own was never latin-1. */
function findLatin1({ path, text }: RowText): RowFinding | undefined {
  const start = text.search(/[\x80-\x9f]/);
  if (start < 0) return undefined;
  const within = { start, end: start + 1 };
  const what = `${nameOf(text.charCodeAt(start))} is a control character${inAll(text.match(/[\x80-\x9f]/g)?.length ?? 1)}`;
  const repaired = repairLatin1(text);
  if (repaired === undefined)
    return { code: 'mojibake', path, within, message: `${what}, left over from a wrong decoding. Remove it.` };
  const message = `${what}: the text is windows-1252 that was read as latin-1, and should be ${quote(excerpt(repaired, start))}.`;
  return { code: 'mojibake', path, within, message, fix: repairTo(repaired) };
}

function repairLatin1(text: string): string | undefined {
  if (/[^\0-\xff]/.test(text)) return undefined;
  const repaired = text.replace(/[\x80-\x9f]+/g, (characters) => {
    return new TextDecoder('windows-1252').decode(Uint8Array.from(characters, (character) => character.charCodeAt(0)));
  });
  return /[\x80-\x9f]/.test(repaired) ? undefined : repaired;
}

function lostCharacters({ path, text }: RowText, start: number): RowFinding {
  const count = text.match(/\ufffd/g)?.length ?? 0;
  const found = count === 1 ? 'A character was' : `${count} characters were`;
  const message = `${found} lost when this text was decoded: U+FFFD stands in ${count === 1 ? 'its' : 'their'} place. Go back to the source of the text, or correct it by hand.`;
  return { code: 'mojibake', path, within: { start, end: start + 1 }, message };
}

function repairTo(text: string): NonNullable<RowFinding['fix']> {
  return { kind: 'replace-value', title: 'Repair the text', isSafe: false, text };
}

function inAll(places: number): string {
  return places === 1 ? '' : `, one of ${places}`;
}

/** The word that begins before `index` and a little of what follows. */
function excerpt(text: string, index: number): string {
  const before = text.slice(Math.max(0, index - 20), index).search(/\S+$/);
  const start = before < 0 ? index : Math.max(0, index - 20) + before;
  const found = /^\s*\S{1,40}/u.exec(text.slice(start, start + 60))?.[0] ?? '';
  return found.trim() || text.slice(index, index + 1);
}

function quote(text: string): string {
  return JSON.stringify(text);
}

function nameOf(code: number): string {
  return `U+${code.toString(16).toUpperCase().padStart(4, '0')}`;
}
