/** Linting as tests do it: to the end, and with what matters of the result. */
import assert from 'node:assert/strict';
import { lintPath } from '../../../dataset/lint/lint-path';
import { LintSession, type SessionOptions } from '../../../dataset/lint/lint-session';
import type { LintedFile } from '../../../dataset/lint/linted-file';
import { rolesAlone } from '../../../dataset/lint/project-roles';

export const options: SessionOptions = { tools: {}, limits: { maxProblems: Infinity } };

export const lint = (path: string): Promise<LintedFile[]> => lintPath(path, options);

/** The last word of a session on each file. */
export async function runToEnd(session: LintSession): Promise<Map<string, LintedFile>> {
  const files = new Map<string, LintedFile>();
  for await (const linted of session.run()) files.set(linted.file, linted);
  return files;
}

/** A file that need not be there: its text is. */
export async function lintText(file: string, text: string): Promise<LintedFile> {
  const session = new LintSession(rolesAlone([file]), options);
  session.open(file, text);
  return (await runToEnd(session)).get(file) ?? assert.fail('it was not linted');
}

/** Such as `unknown-label 3`. */
export const placesOf = ({ problems }: Pick<LintedFile, 'problems'>): string[] =>
  problems.map(({ code, line }) => `${code} ${line}`);

/** What `text` has in a range, counted in a way of its own: line by line with the line ends left on. */
export function cut(text: string, range: { line: number; column: number; endLine: number; endColumn: number }): string {
  const lines = text.split(/(?<=\r\n|\n|\r(?!\n))/);
  const offset = (line: number, column: number) => lines.slice(0, line - 1).join('').length + column - 1;
  return text.slice(offset(range.line, range.column), offset(range.endLine, range.endColumn));
}
