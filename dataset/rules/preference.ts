/** Rows whose better answer is no better: chosen and rejected are the same. */
import type { RowRule } from './rule';

export const noPreference: RowRule = (_row, { preference }) => {
  if (!preference || preference.chosen.text.trim() !== preference.rejected.text.trim()) return [];
  const { path } = preference.rejected;
  const message = 'The rejected answer is the chosen one. There is nothing to prefer: change one of them, or remove the row.';
  return [{ code: 'no-preference', path, message, fix: { kind: 'remove-row', title: 'Remove this row', isSafe: false } }];
};
