/** The line on top of a data file: what is in it, in figures. Parts that are not known are left out. */
import { basename } from 'node:path';
import { configFileName } from '../../dataset/project';
import { quantile } from '../../dataset/report/quantile';
import type { FileResult } from '../lint-worker/messages';
import { messages } from '../messages';

const separator = ' · ';

/** Nothing for a file that holds no rows, such as temper.json. */
export function formatSummary(result: FileResult): string | undefined {
  if (basename(result.file) === configFileName) return undefined;
  const { rows, labels, problems } = result.summary;
  const parts = [
    messages.rowCount(rows),
    labels.length > 0 ? messages.labelCount(labels.length) : undefined,
    formatTokens(result),
    messages.problemCounts(problems),
  ];
  return parts.filter((part) => part !== undefined).join(separator);
}

/** Of a sample of the rows, the longest is at least that long. */
function formatTokens({ summary: { rows, tokens, maxLength } }: FileResult): string | undefined {
  const longest = tokens?.at(-1);
  if (tokens === undefined || longest === undefined) return undefined;
  const limit = maxLength === undefined ? '' : messages.ofLimit(maxLength);
  const figures = [quantile(tokens, 0.5), quantile(tokens, 0.95), longest].map((count) => count.toLocaleString('en-US'));
  const atLeast = tokens.length < rows ? '≥ ' : '';
  return messages.tokenFigures(figures[0] ?? '', figures[1] ?? '', `${atLeast}${figures[2] ?? ''}${limit}`);
}
