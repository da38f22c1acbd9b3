/** Counts, shares and names as the sentences of the report say them. */
import type { ProblemCode, Split } from '../../protocol';
import type { SplitInput } from './report-input';

export interface SplitCount {
  readonly split: Split;
  readonly count: number;
}

export function countsOf(inputs: readonly SplitInput[], code: ProblemCode): SplitCount[] {
  return inputs.flatMap(({ split, summary }) => {
    const found = summary.byCode.get(code) ?? 0;
    return found > 0 ? [{ split, count: found }] : [];
  });
}

/** "12 rows of test and 3 of validation" */
export function rowsOf(counts: readonly SplitCount[]): string {
  return joinWords(
    counts.map((entry, index) => `${index === 0 ? counted(entry.count, 'row') : count(entry.count)} of ${entry.split}`),
  );
}

export function where(counts: readonly SplitCount[]): string {
  return joinWords(counts.map(({ split }) => split));
}

export function verb(counts: readonly SplitCount[], one: string, many: string): string {
  return counts.length === 1 && counts[0]?.count === 1 ? one : many;
}

export function joinWords(words: readonly string[]): string {
  return words.length < 2 ? (words[0] ?? '') : `${words.slice(0, -1).join(', ')} and ${words.at(-1) ?? ''}`;
}

export function counted(number: number, noun: string): string {
  return `${count(number)} ${noun}${number === 1 ? '' : 's'}`;
}

export function count(number: number): string {
  return number.toLocaleString('en-US');
}

export function quoted(label: string): string {
  return `"${label.length > 40 ? `${label.slice(0, 40)}…` : label}"`;
}

/** One digit below ten; never 0 of what is there. */
export function percent(share: number): string {
  const value = share * 100;
  if (value > 0 && value < 0.1) return 'less than 0.1 %';
  return `${value < 10 ? Number(value.toFixed(1)) : Math.round(value)} %`;
}
