/** How rows come that stand in no text: in batches, each with the numbers of its rows. The counterpart of BlockParser. */
import type { Problem } from '../../protocol';
import type { SourceRow } from './format';

/** Some rows of a file that is no text. */
export interface RowBatch {
  /** The number of the first row, from 1. */
  readonly firstRow: number;
  /** How many rows of the file these are, with those that could not be read. */
  readonly rowCount: number;
  readonly rows: readonly SourceRow[];
  /** With ranges in the file, not in the batch. */
  readonly problems: readonly Problem[];
}

/** A file, or a folder, of rows that is no text. */
export interface RowGroupReader {
  readonly columns: readonly string[];
  /** Where it is known before the rows are read. */
  readonly rowCount: number | undefined;
  readonly reasons: readonly string[];
  /** Of the file as a whole; when there are any, it has no rows. */
  readonly problems: readonly Problem[];
  /** All rows, or those from the group of `firstRow` on. A group of Parquet stays in memory while its batches are asked for. */
  read(options?: { readonly firstRow?: number; readonly signal?: AbortSignal }): AsyncGenerator<RowBatch, void, void>;
}
