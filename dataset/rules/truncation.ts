/** Rows of more tokens than the model reads: how much of them is lost, and whether anything is left to learn. */
import type { ChatRow, DataRow } from '../shapes/rows';
import type { RowText, RowView } from '../shapes/shape';
import type { ModelInputs, RowRule } from './rule';

/** What a template adds, at most, and for each message: names of roles, marks, a sentence about the assistant. */
const addedByTemplate = { row: 64, message: 16 };
/** Marks at the beginning, the end and between the texts of a pair. */
const addedMarks = 8;

export const findTruncation: RowRule = (row, view, { inputs }) => {
  if (inputs === undefined || mostTokens(row, view, inputs) <= inputs.maxLength) return [];
  const tokens = inputs.countTokens(row);
  if (tokens <= inputs.maxLength) return [];
  return [{ code: 'truncated-row', path: cutText(view, inputs.maxLength / tokens).path, message: describe(row, tokens, inputs) }];
};

/** Without counting: from the length of the texts alone. */
function mostTokens(row: DataRow, { texts }: RowView, inputs: ModelInputs): number {
  let tokens = row.kind === 'chat' && row.tools !== undefined ? JSON.stringify(row.tools).length / inputs.fewestUnitsPerToken : 0;
  for (const { text } of texts) tokens += text.length / unitsPerToken(text, inputs);
  const isRendered = row.kind === 'chat' || row.kind === 'preference' || row.kind === 'unpaired-preference';
  return tokens + (isRendered ? addedByTemplate.row + addedByTemplate.message * texts.length : addedMarks);
}

/** A short text is not worth the look. */
function unitsPerToken(text: string, { fewestUnitsPerToken, fewestAsciiUnitsPerToken, maxLength }: ModelInputs): number {
  const isShort = text.length <= maxLength * fewestUnitsPerToken - addedMarks;
  return !isShort && isAscii.test(text) ? fewestAsciiUnitsPerToken : fewestUnitsPerToken;
}

// eslint-disable-next-line no-control-regex -- control characters are ASCII too
const isAscii = /^[\x00-\x7f]*$/;

function describe(row: DataRow, tokens: number, inputs: ModelInputs): string {
  const { maxLength } = inputs;
  const found = `This row has ${count(tokens)}, the model reads ${maxLength}`;
  const advice = 'Shorten it, or raise "training.maxLength" if the model can take more.';
  if (row.kind === 'chat' && !reachesAnswer(row, inputs)) {
    return `${found}: no word of the assistant remains, and nothing can be learnt from it. ${advice}`;
  }
  const cut = tokens - maxLength;
  return `${found}: the last ${count(cut)} (${formatPercent(cut / tokens)}) of it ${cut === 1 ? 'is' : 'are'} cut off. ${advice}`;
}

/** Whether what comes before the first answer leaves room for a word of it. */
function reachesAnswer(row: ChatRow, inputs: ModelInputs): boolean {
  const first = row.messages.findIndex(({ role }) => role === 'assistant');
  return first <= 0 || inputs.countTokens({ ...row, messages: row.messages.slice(0, first) }) < inputs.maxLength;
}

/** The text in which the cut falls, if all texts had their share of the tokens. */
function cutText({ texts, input }: RowView, kept: number): RowText {
  const units = texts.reduce((sum, { text }) => sum + text.length, 0);
  let seen = 0;
  return texts.find(({ text }) => (seen += text.length) > kept * units) ?? input;
}

function count(tokens: number): string {
  return tokens === 1 ? '1 token' : `${tokens} tokens`;
}

function formatPercent(part: number): string {
  return part < 0.01 ? 'less than 1%' : `${Math.round(part * 100)}%`;
}
