/** `temper lint`: every problem of every row, at its place. */
import { relative } from 'node:path';
import { lintPath } from '../../../dataset/lint-project';
import type { Problem } from '../../../protocol';
import type { Command } from '../command';
import { paint } from '../output';

export const lintCommand: Command = {
  name: 'lint',
  synopsis: 'lint [file|dir]...',
  summary: 'Check data files, or all that a project names. Exit code 1 when there are errors.',
  options: {},
  async run({ positionals }, output) {
    const paths = positionals.length === 0 ? ['.'] : positionals;
    const linted = (await Promise.all(paths.map(lintPath))).flat();
    for (const { file, result } of linted) {
      for (const problem of result.problems) {
        output.record({ kind: 'problem', file, ...problem });
        output.say(describeProblem(file, problem));
      }
    }
    const problems = linted.flatMap(({ result }) => result.problems);
    const errors = problems.filter(({ severity }) => severity === 'error').length;
    const warnings = problems.length - errors;
    const rows = linted.reduce((sum, { result }) => sum + result.rows.length, 0);
    output.say(`${linted.length} files, ${rows.toLocaleString('en-US')} rows: ${count(errors, 'error')}, ${count(warnings, 'warning')}.`);
    output.record({ kind: 'result', files: linted.length, rows, errors, warnings });
    return errors > 0 ? 1 : 0;
  },
};

function describeProblem(file: string, { line, column, severity, code, message }: Problem): string {
  const place = `${relative(process.cwd(), file) || file}:${line}:${column}`;
  return `${place} ${paint(severity === 'error' ? 'red' : 'yellow', severity)} ${message} ${paint('dim', code)}`;
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`;
}
