/** What a file lacks, put right in temper.json. */
import type { Fix } from '../../protocol';
import { applyEdits } from '../fixes/apply-edits';
import type { ColumnAdvice } from '../shapes/column-faults';
import { createLineIndex } from '../text-position';
import { createSettingEdit } from './set-setting-edit';

/** `undefined` when nobody knows what would be right. The settings belong together, so the text is replaced as a whole. */
export function fixSettings(configText: string, advice: readonly ColumnAdvice[]): Omit<Fix, 'file'> | undefined {
  if (advice.length === 0) return undefined;
  let text = configText;
  for (const { setting, value } of advice) {
    const edit = createSettingEdit(text, setting, value);
    if (edit === undefined) return undefined;
    text = applyEdits(text, [edit]);
  }
  const settings = advice.map(({ setting, value }) => `"${setting}" to ${JSON.stringify(value)}`);
  const edits = [{ ...createLineIndex(configText).rangeOf(0, configText.length), text }];
  return { title: `Set ${settings.join(' and ')} in temper.json`, isSafe: false, edits };
}
