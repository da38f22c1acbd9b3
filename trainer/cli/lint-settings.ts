/** What `temper lint` was asked for. */
import { resolve } from 'node:path';
import type { ParseArgsOptionsConfig } from 'node:util';
import { badUsage, type Command, type CommandArguments } from './command';

const formats = ['text', 'json', 'sarif'] as const;
export type LintFormat = (typeof formats)[number];

export interface LintSettings {
  readonly paths: readonly string[];
  readonly format: LintFormat;
  /** Where the report goes; undefined: to who called. */
  readonly outputFile: string | undefined;
  readonly fixes: 'none' | 'safe' | 'all';
  readonly baselineFile: string | undefined;
  readonly newBaselineFile: string | undefined;
  /** Problems listed of a file; all are counted. */
  readonly maxProblems: number;
  readonly errorsOnly: boolean;
}

const defaultMaxProblems = 10_000;

export const lintOptions: ParseArgsOptionsConfig = {
  format: { type: 'string' },
  output: { type: 'string' },
  fix: { type: 'boolean' },
  'unsafe-fixes': { type: 'boolean' },
  baseline: { type: 'string' },
  'write-baseline': { type: 'string' },
  'max-problems': { type: 'string' },
  quiet: { type: 'boolean' },
};

/** @throws RunFailure 'bad-usage' */
export function readLintSettings(args: CommandArguments, command: Command): LintSettings {
  const { positionals, text, flag } = args;
  const absolute = (name: string) => {
    const path = text(name);
    return path === undefined ? undefined : resolve(path);
  };
  if (flag('unsafe-fixes') && !flag('fix')) throw badUsage('--unsafe-fixes goes with --fix.', command);
  return {
    paths: positionals.length === 0 ? ['.'] : positionals,
    format: readFormat(args, command),
    outputFile: absolute('output'),
    fixes: flag('unsafe-fixes') ? 'all' : flag('fix') ? 'safe' : 'none',
    baselineFile: absolute('baseline'),
    newBaselineFile: absolute('write-baseline'),
    maxProblems: readMaxProblems(text('max-problems'), command),
    errorsOnly: flag('quiet'),
  };
}

function readFormat({ text, flag }: CommandArguments, command: Command): LintFormat {
  const name = text('format') ?? (flag('json') ? 'json' : 'text');
  const format = formats.find((known) => known === name);
  if (format === undefined) throw badUsage(`There is no format "${name}". Known: ${formats.join(', ')}.`, command);
  if (flag('json') && format !== 'json') throw badUsage(`--json and --format ${format} exclude each other.`, command);
  return format;
}

function readMaxProblems(text: string | undefined, command: Command): number {
  if (text === undefined) return defaultMaxProblems;
  if (/^[1-9]\d{0,8}$/.test(text)) return Number(text);
  throw badUsage(`--max-problems is a whole number from 1, not "${text}".`, command);
}
