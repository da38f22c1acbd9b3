/** "Suppress…" in the editor: what it writes into temper.json. */
import type { Suppression, TextEdit } from '../../protocol';
import { appendJsonEdit } from './json-edit';

/** Adds an entry to `lint.suppress`. `undefined` when the text is not a JSON object, which must be mended first. */
export function createSuppressEdit(configText: string, { code, file, row, reason }: Suppression): TextEdit | undefined {
  return appendJsonEdit(configText, ['lint', 'suppress'], { code, file, row, reason });
}
