/** Whether everything that linting points at is there. Decodes and counts in a way of its own. */
import assert from 'node:assert/strict';
import { readFileSync, statSync } from 'node:fs';
import type { LintedFile } from '../../../dataset/lint/linted-file';
import type { EncodingName, TextRange } from '../../../protocol';

/** The length of each line; `undefined` where lines are the numbers of rows. */
type Lines = readonly number[] | undefined;

/** Ranges of problems, of related places and of edits each lie in their file, and the edits of a fix do not overlap. */
export function assertPlaces(linted: LintedFile): void {
  const known = new Map<string, Lines>();
  const linesOf = (file: string) => {
    if (!known.has(file)) known.set(file, readLines(file, file === linted.file ? linted.format : undefined));
    return known.get(file);
  };
  for (const problem of linted.problems) {
    const file = problem.file ?? linted.file;
    const what = `${linted.file}: ${problem.code} at ${problem.line}:${problem.column}`;
    assertInside(problem, linesOf(file), what);
    for (const place of problem.related ?? []) assertInside(place, linesOf(place.file ?? file), `${what}, related`);
    for (const { edits, file: other = file } of problem.fixes ?? []) {
      for (const edit of edits) assertInside(edit, linesOf(other), `${what}, edit`);
      assertApart(edits, what);
    }
  }
}

function readLines(file: string, format: LintedFile['format']): Lines {
  if (format?.format === 'parquet' || format?.format === 'image-folder' || statSync(file).isDirectory()) return undefined;
  const bytes = readFileSync(file);
  return linesOfText(new TextDecoder(markOf(bytes) ?? format?.encoding).decode(bytes));
}

function markOf(bytes: Buffer): EncodingName | undefined {
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return 'utf-16le';
  return bytes[0] === 0xfe && bytes[1] === 0xff ? 'utf-16be' : undefined;
}

export function linesOfText(text: string): number[] {
  return text.split(/\r\n|\n|\r/).map((line) => line.length);
}

export function assertInside({ line, column, endLine, endColumn }: TextRange, lines: Lines, what: string): void {
  const isForward = line < endLine || (line === endLine && column <= endColumn);
  assert.ok(line >= 1 && column >= 1 && isForward, `${what} runs backwards`);
  if (lines === undefined) return;
  const [length = -1, endLength = -1] = [lines[line - 1], lines[endLine - 1]];
  assert.ok(column <= length + 1 && endColumn <= endLength + 1, `${what} is outside of the file`);
}

function assertApart(ranges: readonly TextRange[], what: string): void {
  const sorted = [...ranges].sort((a, b) => a.line - b.line || a.column - b.column);
  for (const [index, { line, column }] of sorted.entries()) {
    const { endLine = 0, endColumn = 0 } = sorted[index - 1] ?? {};
    assert.ok(line > endLine || (line === endLine && column >= endColumn), `${what} has edits that overlap`);
  }
}
