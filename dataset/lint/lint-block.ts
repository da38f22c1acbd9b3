/**
 * Lints the rows of one block: shape, and the rules that need one row. What rules of whole files need of it is kept as a
 * digest, so that neither the text nor the rows have to stay.
 */
import type { Problem, ProblemCode, Severity, TextRange } from '../../protocol';
import type { ParsedBlock, SourceRow } from '../formats/format';
import { createDigestBuilder, type BlockDigest } from '../rules/digest';
import { rowRules } from '../rules/row-rules';
import type { DataRow } from '../shapes/rows';
import type { FileContext } from './file-context';
import { problemOfFinding } from './finding-problem';
import { readRows, viewRow, type ReadRow } from './read-rows';

/** Rules of content cost more than reading; training asks only for what it needs. */
export interface Depth {
  readonly rowRules: boolean;
  readonly digests: boolean;
}

export interface Unlisted {
  readonly code: ProblemCode;
  readonly severity: Severity;
  readonly count: number;
}

/** Lines count from the start of the block. */
export interface BlockLint {
  /** Settled: with their severity here, without those that are suppressed. */
  readonly problems: readonly Problem[];
  readonly suppressed: number;
  /** Problems beyond those that are kept of a file. */
  readonly unlisted?: readonly Unlisted[];
  /** Rows that could be read, whatever their shape. */
  readonly sourceRows: number;
  /** Rows that could not. */
  readonly unreadRows: number;
  /** Rows that can be trained on. */
  readonly rows: number;
  /** How many rows have each field. */
  readonly names: ReadonlyMap<string, number>;
  readonly labels: ReadonlyMap<string, number>;
  /** UTF-16 units of the inputs, and tokens of the rows, of an even sample; the longest input is in it. */
  readonly lengths: readonly number[];
  readonly tokens: readonly number[];
  readonly digest: BlockDigest | undefined;
  /** Where each row begins, when there is a digest: rules of whole files ask for single rows. */
  readonly rowLines: Uint32Array;
}

export interface LintedRows {
  readonly lint: BlockLint;
  readonly rows: readonly DataRow[];
}

/** Rows of a block that figures are taken of: a block holds a few thousand, and counting tokens is the slowest part. */
const sampledRows = 256;
/** Of so few, all: then the longest is known. */
const fewRows = 1000;

/** `fingerprintOf` is asked only where a suppression of single rows could fit. */
export function lintRows(
  context: FileContext,
  parsed: ParsedBlock,
  depth: Depth,
  fingerprintOf: (place: TextRange) => string,
): LintedRows {
  const { rows, problems, isTrainable } = readRows(context, parsed);
  const seen = depth.rowRules || depth.digests ? lookAtRows(context, rows, depth) : nothingSeen;
  const settled = context.severities.settle([...parsed.problems, ...problems, ...seen.problems], fingerprintOf);
  const lint = {
    ...seen,
    ...settled,
    sourceRows: parsed.rows.length,
    unreadRows: parsed.unreadRows ?? 0,
    rows: isTrainable ? rows.length : 0,
    names: countNames(parsed.rows),
  };
  return { lint, rows: isTrainable ? rows.map(({ row }) => row) : [] };
}

type Seen = Pick<BlockLint, 'problems' | 'labels' | 'lengths' | 'tokens' | 'digest' | 'rowLines'>;

const noLines = new Uint32Array(0);
const nothingSeen: Seen = {
  ...{ problems: [], labels: new Map(), lengths: [], tokens: [] },
  ...{ digest: undefined, rowLines: noLines },
};

function lookAtRows(context: FileContext, rows: readonly ReadRow[], depth: Depth): Seen {
  const problems: Problem[] = [];
  const labels = new Map<string, number>();
  const lengths: number[] = [];
  const digest = depth.digests ? createDigestBuilder() : undefined;
  for (const read of rows) {
    const { source, row } = read;
    const view = viewRow(context, read);
    digest?.add(row, view);
    lengths.push(view.input.text.length);
    for (const { text: label } of view.labels) labels.set(label, (labels.get(label) ?? 0) + 1);
    if (!depth.rowRules) continue;
    for (const rule of rowRules) {
      for (const finding of rule(row, view, { inputs: context.role.inputs })) {
        problems.push(problemOfFinding(finding, { source, parser: context.parser }));
      }
    }
  }
  const sample = sampleRows(lengths);
  const tokens = depth.rowRules
    ? countTokens(
        context,
        sample.map((index) => rows[index]),
      )
    : [];
  const rowLines = digest ? Uint32Array.from(rows, ({ row }) => row.line) : noLines;
  return { problems, labels, lengths: sample.map((index) => lengths[index] ?? 0), tokens, digest: digest?.finish(), rowLines };
}

/** Evenly, and the longest. */
function sampleRows(lengths: readonly number[]): number[] {
  const stride = lengths.length <= fewRows ? 1 : Math.ceil(lengths.length / sampledRows);
  let longest = 0;
  for (let index = 1; index < lengths.length; index++) if ((lengths[index] ?? 0) > (lengths[longest] ?? 0)) longest = index;
  return lengths.flatMap((_, index) => (index % stride === 0 || index === longest ? [index] : []));
}

/** Keeps the first `kept` problems and counts the rest: of a file with a fault in each row, no list would end. */
export function capProblems(lint: BlockLint, kept: number): BlockLint {
  if (lint.problems.length <= kept) return lint;
  const counts = new Map<string, Unlisted>();
  for (const { code, severity } of lint.problems.slice(kept)) {
    const key = `${code} ${severity}`;
    counts.set(key, { code, severity, count: (counts.get(key)?.count ?? 0) + 1 });
  }
  return { ...lint, problems: lint.problems.slice(0, kept), unlisted: [...counts.values()] };
}

function countNames(rows: readonly SourceRow[]): Map<string, number> {
  const names = new Map<string, number>();
  for (const { value } of rows) for (const name of Object.keys(value)) names.set(name, (names.get(name) ?? 0) + 1);
  return names;
}

function countTokens({ role: { inputs } }: FileContext, rows: readonly (ReadRow | undefined)[]): number[] {
  if (!inputs) return [];
  return rows.map((read) => (read ? inputs.countTokens(read.row) : -1)).filter((count) => count >= 0);
}
