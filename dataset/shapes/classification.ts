/** A text, or two that belong together, and its label. */
import { readLabel, readText } from './fields';
import type { ClassificationRow } from './rows';
import type { RowText, Shape } from './shape';

export const classification: Shape<ClassificationRow> = {
  name: 'classification',
  description: 'a text and its label',
  fields: ({ textPairColumn }) => ({
    needed: textPairColumn === undefined ? ['textColumn', 'labelColumn'] : ['textColumn', 'textPairColumn', 'labelColumn'],
    optional: [],
    others: [],
  }),
  fits: (value, { labelColumn }) => !Array.isArray(value[labelColumn]),
  read(row, context) {
    const { textColumn, textPairColumn, labelColumn } = context.columns;
    const text = readText(row, textColumn, context);
    const textPair = textPairColumn === undefined ? undefined : readText(row, textPairColumn, context);
    const label = readLabel(row, labelColumn, context);
    if (text === undefined || label === undefined) return undefined;
    if (textPairColumn === undefined) return { kind: 'classification', line: row.line, text, label };
    return textPair === undefined ? undefined : { kind: 'classification', line: row.line, text, textPair, label };
  },
  view({ text, textPair, label }, { textColumn, textPairColumn, labelColumn }) {
    const texts: RowText[] = [{ path: [textColumn], text }];
    if (textPair !== undefined) texts.push({ path: [textPairColumn ?? ''], text: textPair });
    const input = { path: [textColumn], text: textPair === undefined ? text : `${text}\n${textPair}` };
    const target = { path: [labelColumn], text: label };
    return { kind: 'classification', input, target, labels: [target], texts };
  },
};
