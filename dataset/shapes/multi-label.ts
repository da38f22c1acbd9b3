/** A text and the list of its labels, which may be empty: no label fits. One column for each label is not read. */
import type { SourceRow } from '../formats/format';
import { describeValue } from './describe-value';
import {
  labelAdvice,
  labelOf,
  isBlank,
  ownValue,
  readText,
  readWhole,
  reportEmpty,
  reportMissing,
  reportWrongType,
} from './fields';
import type { MultiLabelRow } from './rows';
import type { ReadingContext, Shape } from './shape';

export const multiLabel: Shape<MultiLabelRow> = {
  name: 'multi-label',
  description: 'a text and the list of its labels',
  fields: () => ({ needed: ['textColumn', 'labelsColumn'], optional: [], others: [] }),
  fits: (value, { labelsColumn }) => Array.isArray(value[labelsColumn]),
  read: (row, context) =>
    readWhole(context, (counting) => {
      const text = readText(row, counting.columns.textColumn, counting) ?? '';
      const labels = readLabels(row, counting.columns.labelsColumn, counting);
      return { kind: 'multi-label', line: row.line, text, labels: [...new Set(labels)] };
    }),
  view({ text, labels }, { textColumn, labelsColumn }, value) {
    const input = { path: [textColumn], text };
    const list = value[labelsColumn];
    const found = Array.isArray(list)
      ? list.map((label, index) => ({ path: [labelsColumn, String(index)], text: labelOf(label) ?? '' }))
      : [];
    const target = { path: [labelsColumn], text: [...labels].sort().join(', ') };
    return { kind: 'multi-label', input, target, labels: found, texts: [input] };
  },
};

function readLabels(row: SourceRow, name: string, context: ReadingContext): string[] {
  const list = ownValue(row.value, name);
  if (list === undefined) reportMissing(row, name, context);
  else if (!Array.isArray(list)) reportWrongType(context, [name], `"${name}" is ${describeValue(list)}. ${listAdvice}`);
  return Array.isArray(list) ? list.flatMap((value: unknown, index) => readElement(value, [name, String(index)], context)) : [];
}

const listAdvice = 'The labels are a list of strings, which only JSON and Parquet have: ["billing", "refund"].';

function readElement(value: unknown, path: readonly string[], context: ReadingContext): string[] {
  const label = labelOf(value);
  if (label === undefined) {
    const advice = Array.isArray(value) ? 'The labels are one list of strings.' : labelAdvice(value);
    reportWrongType(context, path, `This label is ${describeValue(value)}. ${advice}`);
  } else if (isBlank(label)) reportEmpty(context, path, 'This label is empty.');
  return label === undefined ? [] : [label];
}
