/** A fix that sets a setting in temper.json, such as which column holds the labels. */
import type { TextEdit } from '../../protocol';
import { setJsonEdit } from './json-edit';

/** `setting` as it is written in words: "data.labelColumn". `undefined` when the text is not a JSON object. */
export function createSettingEdit(configText: string, setting: string, value: unknown): TextEdit | undefined {
  return setJsonEdit(configText, setting.split('.'), value);
}
