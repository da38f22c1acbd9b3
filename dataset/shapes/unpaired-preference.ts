/** A prompt, an answer, and whether it was liked (KTO). */
import type { SourceRow } from '../formats/format';
import { collectTexts, viewConversation } from './chat-view';
import { describeValue } from './describe-value';
import { ownValue, readWhole, reportMissing, reportWrongType } from './fields';
import { checkExchange, pathOfExchange, readSide } from './prompt-completion';
import type { UnpairedPreferenceRow } from './rows';
import type { ReadingContext, Shape } from './shape';

export const unpairedPreference: Shape<UnpairedPreferenceRow> = {
  name: 'unpaired-preference',
  description: 'a prompt, its answer and whether it was liked',
  fields: () => ({ needed: ['promptColumn', 'completionColumn', 'labelColumn'], optional: [], others: [] }),
  fits: (value, { labelColumn }) => likedOf(value[labelColumn]) !== undefined,
  read: (row, context) =>
    readWhole(context, (counting) => {
      const { promptColumn, completionColumn, labelColumn } = counting.columns;
      const prompt = readSide(row, { name: promptColumn, role: 'user' }, counting);
      const completion = readSide(row, { name: completionColumn, role: 'assistant' }, counting);
      if (prompt.length > 0 && completion.length > 0) checkExchange([prompt, completion], completionColumn, counting);
      const isLiked = readLiked(row, labelColumn, counting) ?? false;
      const [asked, answered] = [prompt, completion].map((turns) => turns.map(({ message }) => message));
      return { kind: 'unpaired-preference', line: row.line, prompt: asked ?? [], completion: answered ?? [], isLiked };
    }),
  view({ prompt, completion }, { promptColumn, completionColumn }, value) {
    const names = [promptColumn, completionColumn];
    const texts = names.flatMap((name) => collectTexts(value[name], [name]));
    const view = viewConversation([...prompt, ...completion], (index) => pathOfExchange(value, names, index), texts);
    return { ...view, kind: 'unpaired-preference' };
  },
};

function readLiked(row: SourceRow, name: string, context: ReadingContext): boolean | undefined {
  const value = ownValue(row.value, name);
  if (value === undefined) return reportMissing(row, name, context);
  const isLiked = likedOf(value);
  if (isLiked !== undefined) return isLiked;
  return reportWrongType(context, [name], `"${name}" is ${describeValue(value)}. It must be true (liked) or false.`);
}

/** Cells of a .csv file are strings, and some write 1 and 0. */
function likedOf(value: unknown): boolean | undefined {
  const word = typeof value === 'string' ? value.trim().toLowerCase() : value;
  if (word === true || word === 'true' || word === 1 || word === '1') return true;
  return word === false || word === 'false' || word === 0 || word === '0' ? false : undefined;
}
