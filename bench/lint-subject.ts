/**
 * One figure of npm run bench:lint in a process of its own, so that its peak memory is its own:
 * `lint-subject.cjs read PATH --depth shape`, `lint-subject.cjs edit PROJECT FILE`. Prints one line of JSON.
 */
import { statSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { allStages, everything, LintSession, type SessionOptions } from '../dataset/lint/lint-session';
import type { LintedFile } from '../dataset/lint/linted-file';
import { rolesAlone } from '../dataset/lint/project-roles';
import { createLintTools } from '../inputs/lint-tools';
import { measureEdits } from './lint-edits';
import { readPeakBytes } from './peak-memory';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { depth: { type: 'string', default: 'all' }, list: { type: 'boolean', default: false } },
});

/** `shape`: what training needs. `rows`: also the rules that look at one row. `all`: also those of whole files. */
const depths: Readonly<Record<string, Pick<SessionOptions, 'depth' | 'stages'>>> = {
  shape: { depth: { rowRules: false, digests: false }, stages: { leaks: false, nearDuplicates: false, images: false } },
  rows: { depth: { rowRules: true, digests: false }, stages: { leaks: false, nearDuplicates: false, images: false } },
  all: { depth: everything, stages: allStages },
};

async function main(): Promise<void> {
  const [kind, path = '', file = ''] = positionals;
  console.log(JSON.stringify(kind === 'edit' ? await measureEdits(path, file) : await measureReading(path)));
}

async function measureReading(path: string): Promise<object> {
  const options = { ...depths[values.depth], tools: createLintTools(), limits: { maxProblems: 1000 } };
  const session = new LintSession(statSync(path).isDirectory() ? path : rolesAlone([path]), options);
  const last = new Map<string, LintedFile>();
  const [began, cpu] = [performance.now(), process.cpuUsage()];
  for await (const linted of session.run()) last.set(linted.file, linted);
  const seconds = (performance.now() - began) / 1000;
  const { user, system } = process.cpuUsage(cpu);
  const files = [...last.values()];
  return {
    seconds,
    cpuSeconds: (user + system) / 1e6,
    peakBytes: readPeakBytes(),
    rows: files.reduce((sum, { summary }) => sum + summary.rows, 0),
    problems: countByCode(files),
    ...(values.list && { found: files.flatMap(({ problems }) => problems.map(({ line, code }) => ({ line, code }))) }),
  };
}

function countByCode(files: readonly LintedFile[]): Record<string, number> {
  const counts = new Map<string, number>();
  for (const { summary } of files) for (const [code, count] of summary.byCode) counts.set(code, (counts.get(code) ?? 0) + count);
  return Object.fromEntries(counts);
}

void main().catch((thrown: unknown) => {
  console.error(thrown);
  process.exit(1);
});
