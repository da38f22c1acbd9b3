/** Reads JSONL with the expected ranges drawn into it as rows of a shape, and mends it with the fixes that are offered. */
import assert from 'node:assert/strict';
import type { OpenFormat } from '../../../dataset/formats/format';
import { openJsonl } from '../../../dataset/formats/jsonl';
import { problemOfFinding } from '../../../dataset/lint/finding-problem';
import { shapeNamed } from '../../../dataset/shapes/registry';
import { createRowReader } from '../../../dataset/shapes/row-reader';
import type { DataRow } from '../../../dataset/shapes/rows';
import type { Columns } from '../../../dataset/shapes/shape';
import type { TagScheme } from '../../../dataset/shapes/tag-scheme';
import { dataSchema, type Problem, type ProblemCode, type ShapeName, type TextEdit, type TextRange } from '../../../protocol';
import { rangeOf, readMarks } from '../marked-text';

export const data = dataSchema.parse({ train: 'train.jsonl' });

export interface Reading {
  readonly columns?: Partial<Columns>;
  readonly tagScheme?: TagScheme | undefined;
  /** JSONL when absent. */
  readonly open?: OpenFormat;
}

export interface ReadRows {
  readonly text: string;
  readonly ranges: TextRange[];
  readonly rows: DataRow[];
  readonly problems: Problem[];
}

export function readMarked(source: string, name: ShapeName, { columns, tagScheme, open = openJsonl }: Reading = {}): ReadRows {
  const { text, ranges } = readMarks(source);
  const parser = open(text, data);
  const parsed = parser.parse(text, { isFirst: true, isLast: true });
  assert.deepEqual(parsed.problems, []);
  const problems: Problem[] = [];
  const read = createRowReader({
    shape: shapeNamed(name),
    match: { columns: { ...data, ...columns }, reasons: [], tagScheme },
    folder: '/data',
    report: (finding, row) => problems.push(problemOfFinding(finding, { source: row, parser })),
  });
  return { text, ranges, rows: parsed.rows.flatMap((row) => read(row) ?? []), problems };
}

/** What is wrong, its code, the rows with the ranges marked, words of the message. */
export type BadCase = [title: string, code: ProblemCode, source: string, words: RegExp];

/** One test for each: exactly this code at these ranges, and the row is left out. */
export function itReports(name: ShapeName, cases: readonly BadCase[], reading: Reading = {}): void {
  for (const [title, code, source, words] of cases) {
    it(`reports ${title} as ${code}`, () => {
      const { problems, ranges, rows, text } = readMarked(source, name, reading);
      assert.deepEqual(
        problems.map((problem) => [problem.code, problem.severity]),
        ranges.map(() => [code, 'error']),
      );
      assert.deepEqual(problems.map(rangeOf), ranges);
      assert.match(problems[0]?.message ?? '', words);
      assert.equal(rows.length, text.split('\n').length - new Set(problems.map(({ line }) => line)).size);
    });
  }
}

/** Nearly one of the above, and right. */
export function itAccepts(name: ShapeName, cases: readonly [title: string, source: string][], reading: Reading = {}): void {
  for (const [title, source] of cases) {
    it(`accepts ${title}`, () => {
      const { problems, rows, text } = readMarked(source, name, reading);
      assert.deepEqual(problems, []);
      assert.equal(rows.length, text.split('\n').length);
    });
  }
}

/** The text after the first fix of every problem. */
export function mend({ text, problems }: ReadRows): string {
  const edits = problems.flatMap(({ fixes }) => fixes?.[0]?.edits ?? []);
  const lines = text.split('\n').map((line) => `${line}\n`);
  const starts = lines.map((_, index) => lines.slice(0, index).join('').length);
  const at = (line: number, column: number) => (starts[line - 1] ?? text.length) + column - 1;
  const inText = (edit: TextEdit) => ({
    start: at(edit.line, edit.column),
    end: at(edit.endLine, edit.endColumn),
    text: edit.text,
  });
  return edits
    .map(inText)
    .sort((a, b) => b.start - a.start)
    .reduce((mended, edit) => mended.slice(0, edit.start) + edit.text + mended.slice(edit.end), text);
}
