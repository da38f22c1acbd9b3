/** A text, one that is close to it, and perhaps one that is not. */
import { readOptionalText, readText, readWhole } from './fields';
import type { EmbeddingRow } from './rows';
import type { RowText, Shape } from './shape';

export const embedding: Shape<EmbeddingRow> = {
  name: 'embedding',
  description: 'an anchor, a positive and perhaps a negative text',
  fields: () => ({ needed: ['anchorColumn', 'positiveColumn'], optional: ['negativeColumn'], others: [] }),
  fits: (value, { positiveColumn }) => typeof value[positiveColumn] === 'string',
  read: (row, context) =>
    readWhole(context, (counting) => {
      const { anchorColumn, positiveColumn, negativeColumn } = counting.columns;
      const anchor = readText(row, anchorColumn, counting) ?? '';
      const positive = readText(row, positiveColumn, counting) ?? '';
      const negative = readOptionalText(row, negativeColumn, counting) ?? '';
      return { kind: 'embedding', line: row.line, anchor, positive, ...(negative !== '' && { negative }) };
    }),
  view({ anchor, positive, negative }, { anchorColumn, positiveColumn, negativeColumn }) {
    const input = { path: [anchorColumn], text: anchor };
    const target = { path: [positiveColumn], text: positive };
    const texts: RowText[] = [input, target];
    if (negative !== undefined) texts.push({ path: [negativeColumn], text: negative });
    return { kind: 'embedding', input, target, labels: [], texts };
  },
};
