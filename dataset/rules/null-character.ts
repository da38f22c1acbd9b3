/** NUL and other control characters in a text; tabs, line ends and page breaks are none of them. */
import type { RowText } from '../shapes/shape';
import type { RowFinding, RowRule } from './rule';

const control = /[^\P{Cc}\t-\r\x80-\x9f]/u;
/** Colours of a terminal go as a whole, or else "[31m" would stay. */
const removable = new RegExp(`${String.fromCharCode(27)}\\[[0-9;?]{0,16}[A-Za-z]|${control.source}`, 'gu');

export const findNullCharacters: RowRule = (_row, { texts }) => {
  const findings: RowFinding[] = [];
  for (const text of texts) {
    const start = text.text.search(control);
    if (start >= 0) findings.push(describe(text, start));
  }
  return findings;
};

function describe({ path, text }: RowText, start: number): RowFinding {
  const found = text.match(removable) ?? [];
  const isHalf = found.length * 2 >= text.length - 1 && found.every((part) => part === '\0');
  const hint = isHalf ? 'Every second character is one: the text was UTF-16.' : 'It is no part of any language.';
  const count = found.length === 1 ? '' : `, and ${found.length - 1} more in this text`;
  const end = start + (text.slice(start).match(removable)?.[0].length ?? 1);
  return {
    code: 'null-character',
    path,
    within: { start, end },
    message: `There is ${nameOf(text.slice(start, end))} here${count}. ${hint} Remove ${found.length === 1 ? 'it' : 'them'}.`,
    fix: { kind: 'replace-value', title: 'Remove control characters', isSafe: false, text: text.replace(removable, '') },
  };
}

function nameOf(found: string): string {
  if (found === '\0') return 'a NUL character (U+0000)';
  if (found.length > 1) return 'an escape sequence of a terminal';
  return `a control character (U+${found.charCodeAt(0).toString(16).toUpperCase().padStart(4, '0')})`;
}
