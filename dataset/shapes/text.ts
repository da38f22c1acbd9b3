/** A text that is learnt word for word. */
import { readText } from './fields';
import type { TextRow } from './rows';
import type { Shape } from './shape';

export const text: Shape<TextRow> = {
  name: 'text',
  description: 'a text',
  fields: () => ({ needed: ['textColumn'], optional: [], others: [] }),
  read(row, context) {
    const words = readText(row, context.columns.textColumn, context);
    return words === undefined ? undefined : { kind: 'text', line: row.line, text: words };
  },
  view(row, { textColumn }) {
    const input = { path: [textColumn], text: row.text };
    return { kind: 'text', input, target: { path: [], text: '' }, labels: [], texts: [input] };
  },
};
