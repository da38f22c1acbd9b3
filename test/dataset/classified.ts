/** Rows that a test knows to be texts with labels. */
import assert from 'node:assert/strict';
import type { ClassificationRow } from '../../dataset/classification-rows';
import { isChatRow, type DataRow } from '../../dataset/rows';

export function classified(rows: readonly DataRow[] = []): ClassificationRow[] {
  return rows.map((row) => (isChatRow(row) ? assert.fail('a conversation') : row));
}
