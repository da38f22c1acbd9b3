/**
 * Everything the dataset report and the extension host say to each other. The report asks with `ready` and gets the whole
 * report, then the whole again when it has changed, at most once a second: it is small whatever the size of the data.
 */
import type { EncodingName, FormatName } from './data-config';
import type { Split } from './events';
import type { TextRange } from './problems';
import { problemCodes, type ProblemCode, type Severity } from './rules';

export type ReportTone = 'error' | 'warning' | 'good' | 'info';

/** One thing that Temper sees, in words. */
export interface ReportSentence {
  readonly tone: ReportTone;
  /** Said first and bold. */
  readonly lead: string;
  /** The rest of the sentence, with the space or comma in front of it. */
  readonly rest: string;
}

export interface ReportedFile {
  /** Absolute. */
  readonly file: string;
  /** Relative to the project. */
  readonly name: string;
  readonly split: Split;
  /** That can be trained on. */
  readonly rows: number;
  /** How it was read, and why; absent when nothing tells. */
  readonly reading?: {
    readonly format: FormatName;
    readonly encoding: EncodingName;
    /** Such as "a text and its label". */
    readonly shape?: string;
    readonly reasons: readonly string[];
  };
  readonly problems: Readonly<Record<Severity, number>>;
  /** Hidden by `lint.suppress`. */
  readonly suppressed: number;
  /** Whether an editor of text can show it. */
  readonly isText: boolean;
}

/** How many of something there are in each set of rows. */
export type SplitCounts = Readonly<Partial<Record<Split, number>>>;

export interface LabelCount {
  readonly label: string;
  readonly rows: SplitCounts;
}

export interface LabelFigures {
  /** The sets that have labels, in their order. */
  readonly splits: readonly Split[];
  /** All labels of all rows of a set: what shares are shares of. */
  readonly totals: SplitCounts;
  /** The most frequent of the first set first. */
  readonly frequent: readonly LabelCount[];
  /** Those between the frequent and the rare ones; absent when all labels are listed. */
  readonly between?: { readonly labels: number; readonly rows: SplitCounts };
  /** The last ones of the same order; empty when all are listed. */
  readonly rare: readonly LabelCount[];
}

export interface SplitLengths {
  readonly split: Split;
  /** Half of the rows are no longer. */
  readonly p50: number;
  readonly p95: number;
  /** At least, where only a sample was counted. */
  readonly max: number;
  readonly isSample: boolean;
  /** Rows that are longer than what the model reads, where that is known. */
  readonly longer?: { readonly rows: number; readonly share: number; readonly isExact: boolean };
  /** The part of the rows in each bin. */
  readonly shares: readonly number[];
}

export interface LengthFigures {
  readonly unit: 'token' | 'character';
  /** Tokens that the model reads of a row. */
  readonly maxLength?: number;
  /** A bin holds lengths from its index times this up to the next; the first begins at 0. */
  readonly binWidth: number;
  /** Whether the last bin holds all longer rows too. */
  readonly isOpen: boolean;
  readonly splits: readonly SplitLengths[];
}

export interface ReportedPlace {
  /** Absolute. */
  readonly file: string;
  /** Of the file, relative to the project. */
  readonly name: string;
  readonly range: TextRange;
  readonly message: string;
  /** What the range is good for: a place in a text, only the number of a row in its line, or nothing, as in an image. */
  readonly kind: 'text' | 'row' | 'file';
}

/** What a rule found in all files. */
export interface ReportedRule {
  readonly code: ProblemCode;
  /** The gravest that was found. */
  readonly severity: Severity;
  readonly count: number;
  /** By the name of the file, those that have any. */
  readonly files: readonly { readonly name: string; readonly count: number }[];
  /** The first few. */
  readonly places: readonly ReportedPlace[];
}

export interface DatasetReport {
  /** Absolute. */
  readonly projectDir: string;
  readonly projectName: string;
  /** Whether rules of whole files have had their say about every file. */
  readonly isComplete: boolean;
  readonly sentences: readonly ReportSentence[];
  /** Train first. */
  readonly files: readonly ReportedFile[];
  /** Absent where rows have no labels. */
  readonly labels?: LabelFigures;
  readonly lengths?: LengthFigures;
  /** Held-out rows that stand in training, exactly or almost. */
  readonly leaks: readonly ReportedRule[];
  /** All others, the gravest first. */
  readonly problems: readonly ReportedRule[];
  readonly suppressed: number;
}

export type HostToReport =
  /** Answer to `ready`, and again when something has changed. */
  | { readonly kind: 'report'; readonly report: DatasetReport }
  /** Nothing can be shown: why, and what to do. */
  | { readonly kind: 'broken'; readonly message: string; readonly hint: string };

export type ReportToHost =
  /** The report is drawn and wants to be filled. */
  | { readonly kind: 'ready' }
  /** The user wants to see a place; without a range, a file. */
  | { readonly kind: 'open'; readonly file: string; readonly range?: TextRange }
  /** The user wants to read about a rule. */
  | { readonly kind: 'open-rule'; readonly code: ProblemCode };

/** What comes out of a webview is unknown until this has spoken. */
export function parseReportMessage(input: unknown): ReportToHost | undefined {
  if (typeof input !== 'object' || input === null || !('kind' in input)) return undefined;
  if (input.kind === 'ready') return { kind: 'ready' };
  if (input.kind === 'open-rule') {
    const code = 'code' in input ? problemCodes.find((known) => known === input.code) : undefined;
    return code === undefined ? undefined : { kind: 'open-rule', code };
  }
  if (input.kind !== 'open' || !('file' in input) || typeof input.file !== 'string') return undefined;
  if (!('range' in input) || input.range === undefined) return { kind: 'open', file: input.file };
  const range = parseRange(input.range);
  return range && { kind: 'open', file: input.file, range };
}

function parseRange(input: unknown): TextRange | undefined {
  if (typeof input !== 'object' || input === null) return undefined;
  const numbers = new Map<string, unknown>(Object.entries(input));
  const place = (name: string): number => {
    const value = numbers.get(name);
    return typeof value === 'number' && Number.isInteger(value) ? value : 0;
  };
  const [line, column, endLine, endColumn] = [place('line'), place('column'), place('endLine'), place('endColumn')];
  return Math.min(line, column, endLine, endColumn) < 1 ? undefined : { line, column, endLine, endColumn };
}
