/** What linting says of one file: its problems and its figures. The same for the editor, the command line and training. */
import type { DetectedFormat } from '../formats/format';
import type { Problem, ProblemCode, Severity, ShapeName, Split } from '../../protocol';
import type { DataRow } from '../shapes/rows';
import type { ModelInputs } from '../rules/rule';

export interface FileSummary {
  /** That can be trained on. */
  readonly rows: number;
  /** Rows of each label, most first; empty where rows have none. */
  readonly labels: readonly { readonly label: string; readonly rows: number }[];
  /** UTF-16 units of the inputs, sorted, of all rows or of an even sample of at most 10,000. */
  readonly lengths: Uint32Array;
  /** Tokens a row, sorted, of the same or a smaller sample; absent where the model is not on this machine. */
  readonly tokens?: Uint32Array;
  readonly maxLength?: number;
  /** All, also those that are not listed. */
  readonly problems: Readonly<Record<Severity, number>>;
  readonly byCode: ReadonlyMap<ProblemCode, number>;
  /** Hidden by `lint.suppress`. */
  readonly suppressed: number;
}

export interface LintedFile {
  /** Absolute. */
  readonly file: string;
  readonly split: Split | undefined;
  readonly format?: DetectedFormat;
  readonly shape?: { readonly name: ShapeName; readonly reasons: readonly string[] };
  /** In the order of the file; no more than was asked for (`summary.problems` counts all). */
  readonly problems: readonly Problem[];
  readonly summary: FileSummary;
  /** Whether rules that look at whole files, and at train against held-out, have had their say. */
  readonly isComplete: boolean;
  /** The text fingerprint of a problem's row, for suppressions and baselines: 12 hexadecimal digits; empty for what is about the whole file. */
  fingerprintOf(problem: Problem): string;
}

/** Pictures are decoded by who can. */
export interface ImageInspector {
  inspect(file: string): Promise<InspectedImage>;
}

export type InspectedImage =
  /** `orientation` as EXIF has it, 1 to 8; 1 is upright. */
  | { readonly kind: 'ok'; readonly width: number; readonly height: number; readonly orientation: number }
  | { readonly kind: 'unreadable'; readonly reason: string }
  /** Nothing is known of the file: the image library cannot be loaded here. */
  | { readonly kind: 'unavailable'; readonly reason: string };

/** What decides which tokens a row becomes. */
export interface ModelOfProject {
  readonly projectDir: string;
  readonly model: string;
  readonly maxLength: number;
  readonly task: string;
  /** Of prompt and prefix tuning: they take places from the text. */
  readonly virtualTokens?: number;
}

/** What linting cannot do by itself. */
export interface LintTools {
  /** `undefined` when the model of the project is not on this machine. Asked for once a project and its settings. */
  readonly readInputs?: (model: ModelOfProject) => Promise<ModelInputs | undefined>;
  readonly images?: ImageInspector;
}

export interface LintLimits {
  /** Problems listed of a file. */
  readonly maxProblems: number;
}

/** A change of an open text: what stood between the offsets (UTF-16 units, after the changes before it) becomes `text`. */
export interface TextChange {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

/** A row at a place in a file, as training would read it. */
export interface RowAtPlace {
  readonly row: DataRow;
  readonly line: number;
  readonly endLine: number;
}
