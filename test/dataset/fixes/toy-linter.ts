/**
 * A linter of a few lines, of its own: what mends files is tested without the engine. It reads UTF-8 (or latin-1 where a
 * test says so) and finds empty lines, rows with "BAD", byte-order marks and mixed line ends.
 */
import { readFileSync } from 'node:fs';
import type { EncodingName, FormatName, Problem } from '../../../protocol';
import type { LintedFile } from '../../../dataset/lint/linted-file';
import { linted, problemAt } from '../lint/linted';

export interface ToyRead {
  readonly format?: FormatName;
  readonly encoding?: EncodingName;
}

export function toyLint({ format = 'jsonl', encoding = 'utf-8' }: ToyRead = {}): (file: string) => Promise<LintedFile> {
  return (file) => {
    const bytes = readFileSync(file);
    const text = new TextDecoder(encoding).decode(bytes); // which drops the mark
    const problems = [...findMark(bytes), ...findLineEnds(text), ...findRows(text)];
    return Promise.resolve(linted(file, problems, { format: { format, encoding, reasons: [] } }));
  };
}

function findMark(bytes: Buffer): Problem[] {
  return bytes.subarray(0, 3).equals(Buffer.from('\ufeff')) ? [problemAt(1, 'byte-order-mark')] : [];
}

function findLineEnds(text: string): Problem[] {
  return new Set(text.match(/\r\n|\n|\r/g)).size > 1 ? [problemAt(1, 'mixed-line-endings')] : [];
}

function findRows(text: string): Problem[] {
  const lines = text.split(/\r\n|\n|\r/);
  return lines.flatMap((line, index) => {
    const at = index + 1;
    const column = line.indexOf('BAD') + 1;
    if (line === '' && at < lines.length) {
      const edits = [{ line: at, column: 1, endLine: at + 1, endColumn: 1, text: '' }];
      return [problemAt(at, 'blank-line', { fixes: [{ title: 'Remove this line', isSafe: true, edits }] })];
    }
    if (column === 0) return [];
    const edits = [{ line: at, column, endLine: at, endColumn: column + 3, text: 'good' }];
    return [problemAt(at, 'unknown-label', { severity: 'error', fixes: [{ title: 'Mend', isSafe: false, edits }] })];
  });
}
