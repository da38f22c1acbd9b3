/** The words and marks of the histograms of lengths. Pure. */
import type { LengthFigures, SplitLengths } from '../../protocol';
import { formatCount, formatPercent } from '../format';
import { counted } from './report-words';

const mostTicks = 8;

/** "10 to 19", of bins of one value just "10", of an open last bin "300 and more". */
export function binTitle({ binWidth, isOpen, splits }: LengthFigures, index: number): string {
  const first = index * binWidth;
  const isLast = index === (splits[0]?.shares.length ?? 0) - 1;
  if (isLast && isOpen) return `${formatCount(first)} and more`;
  return binWidth === 1 ? formatCount(first) : `${formatCount(first)} to ${formatCount(first + binWidth - 1)}`;
}

export function binTitles(lengths: LengthFigures): string[] {
  return (lengths.splits[0]?.shares ?? []).map((_, index) => binTitle(lengths, index));
}

/** What the picture says, for those who do not see it. */
export function describeLengths({ unit, maxLength }: LengthFigures, lengths: SplitLengths): string {
  const { split, p50, p95, longer } = lengths;
  const middle = `${split}: half of the rows have at most ${counted(p50, unit)}, 95 % at most ${formatCount(p95)}, the longest ${formatLongest(lengths)}`;
  if (maxLength === undefined || longer === undefined) return middle;
  const about = longer.isExact ? '' : 'about ';
  const share = longer.rows === 0 ? 'none is' : `${about}${formatPercent(longer.share)} are`;
  return `${middle}; ${share} longer than ${formatCount(maxLength)}`;
}

/** Round numbers below the histograms, each where a bin begins. `at` is a part of the width. */
export function lengthTicks({ binWidth, splits }: LengthFigures): { readonly at: number; readonly title: string }[] {
  const end = binWidth * (splits[0]?.shares.length ?? 0);
  const step = tickStep(binWidth, end / mostTicks);
  return Array.from({ length: Math.floor(end / step) + 1 }, (_, index) => ({
    at: (index * step) / end,
    title: formatCount(index * step),
  }));
}

/** 1, 2 or 5 times a power of ten, and bins begin there. */
function tickStep(binWidth: number, least: number): number {
  for (let power = 1; ; power *= 10) {
    for (const step of [power, 2 * power, 5 * power]) if (step >= least && step % binWidth === 0) return step;
  }
}

export function formatLongest({ max, isSample }: SplitLengths): string {
  return isSample ? `≥ ${formatCount(max)}` : formatCount(max);
}
