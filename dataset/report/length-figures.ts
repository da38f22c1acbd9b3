/** How long rows are: percentiles, a histogram with the same bins for every set, and how many rows the model does not read whole. */
import type { LengthFigures, SplitLengths } from '../../protocol';
import { quantile } from './quantile';
import type { SplitInput } from './report-input';

const mostBins = 32;
/** Rows far behind the rest would squeeze it into one bin; they share the last one. */
const tail = { part: 0.99, stretch: 1.5 };

interface Sample {
  readonly file: SplitInput;
  /** Sorted, not empty. */
  readonly lengths: Uint32Array;
}

/** Tokens where they are known of every set, characters otherwise. `undefined` where there are no texts. */
export function collectLengths(files: readonly SplitInput[]): LengthFigures | undefined {
  const filled = files.filter((file) => file.summary.lengths.length > 0 && !holdsImages(file));
  const hasTokens = filled.every(({ summary }) => (summary.tokens?.length ?? 0) > 0);
  const samples = filled.map((file): Sample => {
    const { tokens, lengths } = file.summary;
    return { file, lengths: hasTokens && tokens ? tokens : lengths };
  });
  if (samples.length === 0) return undefined;
  const maxLength = hasTokens ? filled.find(({ summary }) => summary.maxLength !== undefined)?.summary.maxLength : undefined;
  const bins = chooseBins(
    samples.map(({ lengths }) => lengths),
    maxLength,
  );
  return {
    unit: hasTokens ? 'token' : 'character',
    ...(maxLength !== undefined && { maxLength }),
    binWidth: bins.width,
    isOpen: bins.isOpen,
    splits: samples.map((sample) => describeLengths(sample, bins, maxLength)),
  };
}

/** What is long there is only the path. */
function holdsImages({ shape }: SplitInput): boolean {
  return shape?.name === 'image-classification' || shape?.name === 'image-caption';
}

export interface Bins {
  readonly width: number;
  readonly count: number;
  readonly isOpen: boolean;
}

/** Widths of 1, 2 or 5 times a power of ten. The limit is in sight where it is not far away. */
export function chooseBins(samples: readonly Uint32Array[], limit?: number): Bins {
  const longest = Math.max(...samples.map((lengths) => lengths.at(-1) ?? 0));
  const most = Math.max(...samples.map((lengths) => quantile(lengths, tail.part)));
  const end = Math.min(longest, Math.ceil(most * tail.stretch));
  const shown = limit !== undefined && limit <= 2 * end ? Math.max(end, limit) : end;
  const width = niceWidth((shown + 1) / mostBins);
  const count = Math.floor(shown / width) + 1;
  return { width, count, isOpen: longest >= width * count };
}

function niceWidth(least: number): number {
  const power = 10 ** Math.floor(Math.log10(Math.max(1, least)));
  return (([1, 2, 5, 10] as const).find((step) => step * power >= least) ?? 10) * power;
}

export function countShares(lengths: Uint32Array, { width, count }: Bins): number[] {
  const counts = new Array<number>(count).fill(0);
  for (const length of lengths) {
    const bin = Math.min(count - 1, Math.floor(length / width));
    counts[bin] = (counts[bin] ?? 0) + 1;
  }
  return counts.map((inBin) => inBin / lengths.length);
}

function describeLengths({ file, lengths }: Sample, bins: Bins, maxLength: number | undefined): SplitLengths {
  const { split, summary } = file;
  return {
    split,
    p50: quantile(lengths, 0.5),
    p95: quantile(lengths, 0.95),
    max: lengths.at(-1) ?? 0,
    isSample: lengths === summary.tokens && !isWhole(file, lengths), // of characters the longest is in the sample
    ...(maxLength !== undefined && summary.rows > 0 && { longer: countLonger(file, lengths, maxLength) }),
    shares: countShares(lengths, bins),
  };
}

/** Counted where all rows are in the sample or the rule has looked at each of them, otherwise estimated from the sample. */
function countLonger(file: SplitInput, lengths: Uint32Array, maxLength: number): NonNullable<SplitLengths['longer']> {
  const { summary } = file;
  const inSample = lengths.length - lengths.findLastIndex((length) => length <= maxLength) - 1;
  const found = summary.byCode.get('truncated-row');
  const isCounted = isWhole(file, lengths);
  const rows = isCounted ? inSample : (found ?? Math.round((inSample / lengths.length) * summary.rows));
  return { rows, share: rows / summary.rows, isExact: isCounted || found !== undefined || inSample === 0 };
}

/** Of rows that cannot be trained on as they are, nobody knows how many there are. */
function isWhole({ summary }: SplitInput, lengths: Uint32Array): boolean {
  return summary.rows > 0 && lengths.length >= summary.rows;
}
