/** How the columns of a CoNLL file stand, told from its first lines. */
import { createLineIndex } from '../text-position';
import { readCells, type CellSeparator } from './conll-cells';

export interface ConllLayout {
  readonly separator: CellSeparator;
  readonly columnCount: number;
  /** From 0. */
  readonly tokenColumn: number;
  readonly reasons: readonly string[];
}

/** So many lines are enough to tell. */
const lookedAt = 1000;

export function readConllHead(head: string): ConllLayout {
  const lines = collectLines(head);
  const tabbed = lines.filter((line) => line.includes('\t')).length;
  const separator: CellSeparator = tabbed * 2 > lines.length ? 'tab' : 'blanks';
  const rows = lines.map((line) => readCells(line, separator).map(({ text }) => text));
  const { value: mostCommon = 2, count } = findMostCommon(rows.map((cells) => cells.length));
  const columnCount = Math.max(2, mostCommon);
  const tokenColumn = columnCount > 2 && isCounting(rows.filter((cells) => cells.length === columnCount)) ? 1 : 0;
  const columns = `${count} of ${lines.length} lines have ${mostCommon} ${mostCommon === 1 ? 'column' : 'columns'}`;
  return {
    ...{ separator, columnCount, tokenColumn },
    reasons: [
      `the columns are separated by ${separator === 'tab' ? 'tabs' : 'blanks'}: ${columns}`,
      ...(tokenColumn === 1 ? ['the second column holds the tokens: the first counts them'] : []),
    ],
  };
}

function collectLines(head: string): string[] {
  const lines = createLineIndex(head);
  const collected: string[] = [];
  // the last line of a head may be cut
  const last = lines.lineCount > 1 ? lines.lineCount - 1 : 1;
  for (let line = 1; line <= last && collected.length < lookedAt; line++) {
    const text = lines.lineText(line);
    if (!/^[ \t]*$/.test(text) && !/^(-DOCSTART-|# )/.test(text)) collected.push(text);
  }
  return collected;
}

function findMostCommon(numbers: readonly number[]): { value: number | undefined; count: number } {
  const counts = new Map<number, number>();
  for (const number of numbers) counts.set(number, (counts.get(number) ?? 0) + 1);
  const [value, count = 0] = [...counts].sort((a, b) => b[1] - a[1])[0] ?? [];
  return { value, count };
}

/** 1, 2, 3 ... and again from 1 (or 0) with each sentence. */
function isCounting(rows: readonly (readonly string[])[]): boolean {
  const numbers = rows.map(([first = '']) => (/^\d+$/.test(first) ? Number(first) : NaN));
  const isNext = (number: number, index: number) => number <= 1 || number === (numbers[index - 1] ?? NaN) + 1;
  return numbers.length > 1 && numbers.every(isNext) && numbers.some((number) => number > 1);
}
