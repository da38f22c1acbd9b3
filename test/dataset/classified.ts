/** Rows that a test knows to be texts with labels. */
import assert from 'node:assert/strict';
import type { ClassificationRow, DataRow } from '../../dataset/shapes/rows';

export function classified(rows: readonly DataRow[] = []): ClassificationRow[] {
  return rows.map((row) => (row.kind === 'classification' ? row : assert.fail(`a row of the kind ${row.kind}`)));
}
