/** `temper lint`: every problem of every row, at its place. */
import { relative, resolve } from 'node:path';
import { lintPath, type FileLint } from '../../../dataset/lint-project';
import { RunFailure, type Problem } from '../../../protocol';
import type { Command } from '../command';
import { paint } from '../output';

export const lintCommand: Command = {
  name: 'lint',
  synopsis: 'lint [file|dir]...',
  summary: 'Check data files, or all that a project names. Exit code 1 when there are errors.',
  options: {},
  async run({ positionals }, output) {
    const paths = positionals.length === 0 ? ['.'] : positionals;
    const linted = (await Promise.all(paths.map(lintOne))).flat();
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
    output.say(
      `${count(linted.length, 'file')}, ${count(rows, 'row')}: ${count(errors, 'error')}, ${count(warnings, 'warning')}.`,
    );
    output.record({ kind: 'result', files: linted.length, rows, errors, warnings });
    return errors > 0 ? 1 : 0;
  },
};

async function lintOne(path: string): Promise<FileLint[]> {
  try {
    return await lintPath(path);
  } catch (thrown) {
    if (!(thrown instanceof Error && 'code' in thrown && thrown.code === 'ENOENT')) throw thrown;
    const file = resolve(path);
    throw new RunFailure({
      code: 'bad-usage',
      message: `There is no file or folder ${file}.`,
      hint: 'Name a data file, or the folder of a project.',
      file,
    });
  }
}

function describeProblem(file: string, { line, column, severity, code, message }: Problem): string {
  const place = `${relative(process.cwd(), file) || file}:${line}:${column}`;
  return `${place} ${paint(severity === 'error' ? 'red' : 'yellow', severity)} ${message} ${paint('dim', code)}`;
}

function count(number: number, noun: string): string {
  return `${number.toLocaleString('en-US')} ${noun}${number === 1 ? '' : 's'}`;
}
