/** The row at a place of a file, as training would read it. */
import type { FileLint } from './file-lint';
import type { RowAtPlace } from './linted-file';
import { contains, moveRange } from './position';
import type { ReadingAgain } from './read-again';
import { hasLine, placeBlocks } from './report-file';

export interface Place {
  /** From 1. */
  readonly line: number;
  readonly column: number;
}

/** `undefined` where no row is, or none that can be read. */
export function rowAtPlace(lint: FileLint, { line, column }: Place, again: ReadingAgain): RowAtPlace | undefined {
  const place = { line, column, endLine: line, endColumn: column };
  if (lint.context?.shape.kind !== 'found') return undefined;
  for (const { block, origin } of placeBlocks(lint.blocks)) {
    if (!hasLine(block, origin, line)) continue;
    for (const { source, row } of again.read(lint, block)?.rows ?? []) {
      const range = moveRange(source.rangeAt([]), origin);
      if (contains(range, place)) return { row: { ...row, line: range.line }, line: range.line, endLine: range.endLine };
    }
  }
  return undefined;
}
