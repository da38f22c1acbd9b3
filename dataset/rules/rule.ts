/**
 * What a rule about content is. There are two kinds. A row rule looks at one row. A file rule looks at all rows of a file,
 * or at training rows and held-out rows; it never sees the rows themselves but a digest of each block, a few typed arrays,
 * so that a file may be larger than the memory and an edit costs no more than its block.
 */
import type { ProblemCode, Severity, Split } from '../../protocol';
import type { Span } from '../formats/format';
import type { DataRow } from '../shapes/rows';
import type { RowView } from '../shapes/shape';

/** What a finding changes when its fix is asked for. */
export type FindingFix =
  | { readonly kind: 'remove-row'; readonly title: string; readonly isSafe: boolean }
  /** `text` as the value is, not as it is written: the format quotes and escapes it. */
  | { readonly kind: 'replace-value'; readonly title: string; readonly isSafe: boolean; readonly text: string }
  /** `name` in place of the key of the value at `path`; only of formats whose rows name their own fields. */
  | {
      readonly kind: 'rename-key';
      readonly title: string;
      readonly isSafe: boolean;
      readonly path: readonly string[];
      readonly name: string;
    };

/** Something wrong at a value of a row; ranges are looked up later and only for what is shown. */
export interface RowFinding {
  readonly code: ProblemCode;
  /** To the value in the source row; `[]` is the whole row. */
  readonly path: readonly string[];
  /** A part of that string value. */
  readonly within?: Span;
  readonly message: string;
  readonly fix?: FindingFix;
}

/** What a model makes of a row; given by who can read models. Absent where the model is not on this machine. */
export interface ModelInputs {
  /** Longer rows are cut: the config's `training.maxLength`, or what the model can take when that is less. */
  readonly maxLength: number;
  /** Tokens of the whole row with those that the model adds, before it is cut; -1 where the row has none (images). */
  countTokens(row: DataRow): number;
  /** The smallest number of UTF-16 units that can make `tokens` tokens: shorter rows need no counting. 0 where all do. */
  readonly fewestUnitsPerToken: number;
  /** The same of texts of ASCII characters alone. */
  readonly fewestAsciiUnitsPerToken: number;
}

export interface RowRuleContext {
  readonly inputs: ModelInputs | undefined;
}

export type RowRule = (row: DataRow, view: RowView, context: RowRuleContext) => readonly RowFinding[];

/** A row of a file: the number of its block, and its number among the rows of the block. */
export interface RowPlace {
  readonly block: number;
  readonly row: number;
}

export interface FileFinding extends RowFinding {
  /** `undefined`: about the file as a whole, shown at its head. */
  readonly place: RowPlace | undefined;
  readonly twin?: { readonly file: string; readonly place: RowPlace; readonly path: readonly string[]; readonly message: string };
  /** When the finding depends on more than its code; the config's `lint.rules` still wins. */
  readonly severity?: Severity;
}

/** Columns of numbers, one entry for each row of a block. What they hold is the digest's own business. */
export interface DigestedFile<Digest> {
  /** Absolute. */
  readonly file: string;
  /** Undefined for a file that no project names. */
  readonly split: Split | undefined;
  readonly blocks: readonly Digest[];
  /** Reads a row again, to compare it word for word; `undefined` when it is not there any more. Cheap for neighbours. */
  viewAt(place: RowPlace): RowView | undefined;
}

/** Yields `undefined` every few milliseconds, so that who runs it can let others in, or stop. */
export type Findings = Generator<FileFinding | undefined, void, void>;
