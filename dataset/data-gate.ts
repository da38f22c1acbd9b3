/** The gate in front of training and evaluation: the engine that lints for the editor reads the rows, so what lints clean trains. */
import { relative } from 'node:path';
import { RunFailure, type RunError } from '../protocol';
import type { FileLint } from './lint/file-lint';
import { nameOfRole } from './lint/file-role';
import type { LintedFile } from './lint/linted-file';
import { LintSession } from './lint/lint-session';
import type { ReadRoles } from './lint/project-roles';
import { findFirstError } from './lint/report-file';
import type { DataRow } from './shapes/rows';

/** A file that has passed. */
export interface PassedFile {
  readonly lint: FileLint;
  readonly linted: LintedFile;
  /** Absolute. */
  readonly file: string;
  readonly sha256: string;
  readonly bytes: number;
  readonly rows: readonly DataRow[];
}

export interface Gate {
  /** What names of files are relative to. */
  readonly dir: string;
  readonly looksForLeaks: boolean;
}

/**
 * In the order of the roles.
 * @throws RunFailure 'bad-data' with the first error and how many more there are
 */
export async function passFiles(roles: ReadRoles, { dir, looksForLeaks }: Gate): Promise<PassedFile[]> {
  const session = new LintSession(roles, {
    tools: {},
    limits: { maxProblems: 10_000 },
    stages: { leaks: looksForLeaks, nearDuplicates: false, images: true },
    keepsRows: true,
  });
  const files = new Map<string, LintedFile>();
  for await (const linted of session.run()) files.set(nameOfRole(linted), linted);
  refuseErrors(dir, [...files.values()], session.allLints);
  return session.allLints.flatMap((lint) => {
    const linted = files.get(nameOfRole(lint.role));
    return linted && lint.disk ? [{ lint, linted, file: linted.file, ...lint.disk, rows: lint.rows }] : [];
  });
}

function refuseErrors(dir: string, files: readonly LintedFile[], lints: readonly FileLint[]): void {
  const failing = files.filter(({ summary }) => summary.problems.error > 0);
  const [first] = failing;
  if (first) throw new RunFailure(badData(dir, first, { failing, lints }));
}

interface Failing {
  readonly failing: readonly LintedFile[];
  readonly lints: readonly FileLint[];
}

/** Of temper.json there is no lint, and all that is wrong is listed. */
function badData(dir: string, first: LintedFile, { failing, lints }: Failing): RunError {
  const { file, problems } = first;
  const lint = lints.find(({ role }) => nameOfRole(role) === nameOfRole(first));
  const problem = lint ? findFirstError(lint) : problems.find(({ severity }) => severity === 'error');
  const more = failing.reduce((sum, { summary }) => sum + summary.problems.error, 0) - 1;
  const files = failing.length > 1 ? ` (${failing.length} files in all)` : '';
  const rest = more === 0 ? '' : `\nThere ${more === 1 ? 'is 1 more error' : `are ${more} more errors`}${files}.`;
  return {
    code: 'bad-data',
    message: `${relative(dir, file)}, line ${problem?.line ?? 1}: ${problem?.message ?? 'it has errors.'}${rest}`,
    hint: 'Correct the data; "temper lint" and the Problems panel show every error at its place.',
    file,
    line: problem?.line ?? 1,
  };
}
