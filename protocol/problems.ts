/** What linting finds: shown as squiggles in the editor and as lines on the command line, from the same objects. */
import type { ProblemCode, Severity } from './rules';

/** Lines and columns are 1-based UTF-16 units; the end is exclusive. In a Parquet file the line is the number of the row. */
export interface TextRange {
  readonly line: number;
  readonly column: number;
  readonly endLine: number;
  readonly endColumn: number;
}

/** `text` in place of what stands in the range. */
export interface TextEdit extends TextRange {
  readonly text: string;
}

/** A way to mend a problem. */
export interface Fix {
  /** An order, such as "Remove this row". */
  readonly title: string;
  /** It cannot be wrong: what the rows mean stays as it is, or was never readable. Only such fixes are applied unasked. */
  readonly isSafe: boolean;
  /** They do not overlap. */
  readonly edits: readonly TextEdit[];
  /** Absolute; when absent, the file that the problem is in. */
  readonly file?: string;
}

/** Another place that a problem is about: the twin of a row. */
export interface RelatedPlace extends TextRange {
  /** Absolute; when absent, the file that the problem is in. */
  readonly file?: string;
  readonly message: string;
}

export interface Problem extends TextRange {
  readonly code: ProblemCode;
  readonly severity: Severity;
  /** What was found, and what to do about it. */
  readonly message: string;
  /** Absolute; when it is not in the file that was linted, but for instance in an image that a row names. */
  readonly file?: string;
  readonly related?: readonly RelatedPlace[];
  /** The best first. */
  readonly fixes?: readonly Fix[];
}
