/** What linting asks of a model: how many tokens it makes of a row, and how many it reads. */
import type { ModelInputs } from '../dataset/rules/rule';
import type { DataRow } from '../dataset/shapes/rows';
import { RunFailure } from '../protocol';
import { countTokens } from './encode-row';
import { openRowReader, type ModelOfProject, type RowReader } from './row-reader';

/** Undefined when the model of the project is not on this machine. */
export async function readModelInputs({
  task,
  ...model
}: ModelOfProject & { readonly task: string }): Promise<ModelInputs | undefined> {
  const reader = await openRowReader(model);
  return reader && createModelInputs(reader, task);
}

export function createModelInputs(reader: RowReader, task: string): ModelInputs {
  return {
    maxLength: reader.maxLength,
    countTokens: rememberCounts((row) => countIfRead(row, reader)),
    ...(task === 'text-classification' ? fewestUnits(reader) : { fewestUnitsPerToken: 0, fewestAsciiUnitsPerToken: 0 }),
  };
}

/** UTF-16 units of the rows that are remembered: several blocks of a file, so that an edit counts one row and not its block. */
const maxRemembered = 4_000_000;

function rememberCounts(count: (row: DataRow) => number): (row: DataRow) => number {
  const counts = new Map<string, number>();
  let remembered = 0;
  return (row) => {
    const key = keyOf(row);
    const known = counts.get(key);
    if (known !== undefined) return known;
    if (remembered > maxRemembered) {
      counts.clear();
      remembered = 0;
    }
    const counted = count(row);
    counts.set(key, counted);
    remembered += key.length;
    return counted;
  };
}

/** Equal for rows that are read alike, and different for others. Most rows are a text, and that alone is quickly said. */
function keyOf(row: DataRow): string {
  if (row.kind !== 'classification') return JSON.stringify({ ...row, line: 0 });
  return `${row.text.length}${row.textPair === undefined ? '' : '+'} ${row.text}${row.textPair ?? ''}`;
}

/** A conversation that the template refuses has no tokens; training refuses it and says why. */
function countIfRead(row: DataRow, reader: RowReader): number {
  try {
    return countTokens(row, reader);
  } catch (thrown) {
    if (thrown instanceof RunFailure) return -1;
    throw thrown;
  }
}

/**
 * Of rows of one text or two. The special tokens take their part of `maxLength`, and the rest must do for the worst text
 * that there can be. A chat template may add what it likes to a conversation: for those nothing is safe but counting.
 */
function fewestUnits({ tokenizer, maxLength }: RowReader): Pick<ModelInputs, 'fewestUnitsPerToken' | 'fewestAsciiUnitsPerToken'> {
  const room = Math.max(0, maxLength - tokenizer.countPair('', '')) / maxLength;
  const { any, ascii } = tokenizer.mostTokensPerUnit;
  return { fewestUnitsPerToken: room / any, fewestAsciiUnitsPerToken: room / ascii };
}
