/**
 * What a shape of rows is: the fields that make it, how they are read into a row that can be trained on, and what content
 * rules look at. A shape is one file; registry.ts lists them, detect-shape.ts tells which one a file has.
 */
import type { ColumnField, DataConfig, ShapeName } from '../../protocol';
import type { SourceRow, Span } from '../formats/format';
import type { RowFinding } from '../rules/rule';
import type { DataRow } from './rows';
import type { TagScheme } from './tag-scheme';

/** The fields of a shape in one file, by their role: the config's names, or those that were recognised. */
export type Columns = Pick<DataConfig, Extract<keyof DataConfig, `${string}Column`>>;

export interface ShapeMatch {
  /** With the names that this file uses. */
  readonly columns: Columns;
  /** Such as `"category" is read as the label`. */
  readonly reasons: readonly string[];
  /** How the tags of the file mark where a name begins; of token tags. */
  readonly tagScheme?: TagScheme | undefined;
}

/** The first rows of a file, as they were read. */
export type Samples = readonly SourceRow['value'][];

/** The names that rows of a shape have, for a file with these columns. */
export interface ShapeFields {
  /** Without one of these a row is of no use. */
  readonly needed: readonly ColumnField[];
  readonly optional: readonly ColumnField[];
  /** Those that no setting renames, such as "tools". */
  readonly others: readonly string[];
}

export interface ReadingContext {
  readonly columns: Columns;
  /** All that the shape reads in this file: a key with one of these names is no misspelt other one. */
  readonly names: ReadonlySet<string>;
  readonly tagScheme?: TagScheme | undefined;
  /** Absolute: what paths of images are relative to. */
  readonly folder: string;
  /** At a path in the row that is being read; its range is looked up when it is shown. */
  report(finding: RowFinding): void;
}

/** A text of a row as a person wrote it, and the path to it in the source row. */
export interface RowText {
  readonly path: readonly string[];
  readonly text: string;
  /** The part of the value that the text is, when it is not all of it: of the tag "B-person", "person". */
  readonly within?: Span;
}

/** What content rules look at, whatever the shape. */
export interface RowView {
  readonly kind: DataRow['kind'];
  /**
   * What is asked: the text, the prompt, the anchor. Leaks, duplicates and contradictions go by it. Where several values
   * make it (turns, an instruction and its input), the path is that of the value to show.
   */
  readonly input: RowText;
  /** What is to be learnt from it, as one text: the label, the last answer, the tags. Empty where there is none. */
  readonly target: RowText;
  /** The labels among which rules of labels look: of classification, multi-label and image rows, and the types of token tags. */
  readonly labels: readonly RowText[];
  /** Everything that a person wrote, each exactly the string value at its path: inputs, answers, captions; no labels. */
  readonly texts: readonly RowText[];
  /** Of preference rows. */
  readonly preference?: { readonly chosen: RowText; readonly rejected: RowText };
}

export interface Shape<Row extends DataRow = DataRow> {
  readonly name: ShapeName;
  /** Such as "a text and its label". */
  readonly description: string;
  fields(columns: Columns, samples: Samples): ShapeFields;
  /** Whether the values of a row that has the needed names can be of this shape at all; where names say too little. */
  fits?(value: SourceRow['value'], columns: Columns): boolean;
  /** `undefined` when something is wrong, which is then reported: each fault at its value, all of them. */
  read(row: SourceRow, context: ReadingContext): Row | undefined;
  /** `value` is the source row that `row` was read from. */
  view(row: Row, columns: Columns, value: SourceRow['value']): RowView;
}
