/** The words of a sentence and a tag for each, such as the names in it. */
import type { SourceRow } from '../formats/format';
import { describeValue } from './describe-value';
import { isBlank, readList, readWhole, report, reportEmpty, reportWrongType } from './fields';
import type { TokenTagsRow } from './rows';
import type { ReadingContext, RowText, Shape } from './shape';
import { findBrokenTags, readTag } from './tag-scheme';

export const tokenTags: Shape<TokenTagsRow> = {
  name: 'token-tags',
  description: 'the words of a sentence and their tags',
  fields: () => ({ needed: ['tokensColumn', 'tagsColumn'], optional: [], others: [] }),
  fits: (value, { tokensColumn, tagsColumn }) => Array.isArray(value[tokensColumn]) && Array.isArray(value[tagsColumn]),
  read: (row, context) =>
    readWhole(context, (counting) => {
      const { tokensColumn, tagsColumn } = counting.columns;
      const tokens = readStrings(row, tokensColumn, counting, 'The words are a list of strings.');
      const tags = readStrings(row, tagsColumn, counting, 'The tags are a list of strings.');
      if (tokens && tags) checkTags({ tokens, tags }, counting);
      return { kind: 'token-tags', line: row.line, tokens: tokens ?? [], tags: tags ?? [] };
    }),
  view({ tokens, tags }, { tokensColumn, tagsColumn }) {
    const texts = tokens.map((text, index) => ({ path: [tokensColumn, String(index)], text }));
    const labels = tags.flatMap((tag, index): RowText[] => {
      const { letter, type, typeStart } = readTag(tag);
      if (tag === 'O') return [];
      const path = [tagsColumn, String(index)];
      return [letter === '' ? { path, text: tag } : { path, text: type, within: { start: typeStart, end: tag.length } }];
    });
    const input = { path: [tokensColumn], text: tokens.join(' ') };
    return { kind: 'token-tags', input, target: { path: [tagsColumn], text: tags.join(' ') }, labels, texts };
  },
};

/** `undefined` when an element is wrong. */
function readStrings(row: SourceRow, name: string, context: ReadingContext, advice: string): string[] | undefined {
  const list = readList(row, name, context, advice);
  if (!list) return undefined;
  if (name === context.columns.tagsColumn && list.every((element) => typeof element === 'number'))
    return reportWrongType(context, [name], `"${name}" are numbers. ${numbersAdvice}`);
  const strings = list.flatMap((element, index) => readElement(element, [name, String(index)], context));
  return strings.length === list.length ? strings : undefined;
}

const numbersAdvice =
  'Write the names of the tags, such as "B-person": what a number means stands in the description of the data.';

function readElement(value: unknown, path: readonly string[], context: ReadingContext): string[] {
  if (typeof value === 'string' && !isBlank(value)) return [value];
  if (typeof value === 'string') reportEmpty(context, path, 'This element is empty.');
  else reportWrongType(context, path, `This element is ${describeValue(value)}. It must be a string in double quotes.`);
  return [];
}

function checkTags({ tokens, tags }: { tokens: readonly string[]; tags: readonly string[] }, context: ReadingContext): void {
  const { tagsColumn, tokensColumn } = context.columns;
  if (tags.length !== tokens.length) {
    const counts = `There are ${tags.length} "${tagsColumn}" for ${tokens.length} "${tokensColumn}"`;
    return reportWrongType(context, [tagsColumn], `${counts}. Each word needs one tag.`);
  }
  for (const broken of context.tagScheme ? findBrokenTags(tags, context.tagScheme) : []) {
    const message = `${broken.reason}. Did you mean "${broken.tag}"?`;
    const fix = { kind: 'replace-value', title: `Change it to "${broken.tag}"`, isSafe: false, text: broken.tag } as const;
    report(context, 'broken-tags', [tagsColumn, String(broken.index)], message, fix);
  }
}
