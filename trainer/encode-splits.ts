/** Turns every split into token ids once, before training, and notices what a person should know about the texts. */
import type { LoadedData } from '../dataset/load-splits';
import { RunFailure, type Split } from '../protocol';
import type { EncodedRow } from './batches';
import type { EncodedSplit, Task } from './tasks/task';

export type EncodedSplits = Readonly<Partial<Record<Exclude<Split, 'train' | 'validation'>, EncodedSplit>>> & {
  readonly train: EncodedSplit;
  readonly validation: EncodedSplit;
};

const rowsPerReport = 2000;

/** `onProgress` is told how many rows of all are done, every few thousand. */
export async function encodeSplits(
  { splits }: LoadedData,
  task: Task,
  onProgress: (done: number, total: number) => Promise<void>,
): Promise<{ splits: EncodedSplits; notices: string[] }> {
  const total = Object.values(splits).reduce((sum, split) => sum + split.rows.length, 0);
  let done = 0;
  const encode = (split: Rows) =>
    encodeRows(split, task, async () => {
      if (++done % rowsPerReport === 0 || done === total) await onProgress(done, total);
    });
  const { train, validation, test, ood } = splits;
  if (train === undefined || validation === undefined)
    throw new Error('A run needs training and validation rows; loading the splits must have refused this.');
  const encoded: EncodedSplits = {
    train: await encode(train),
    validation: await encode(validation),
    ...(test && { test: await encode(test) }),
    ...(ood && { ood: await encode(ood) }),
  };
  return { splits: encoded, notices: describeTruncation(encoded, task.maxLength) };
}

type Rows = Pick<EncodedSplit, 'file' | 'rows'>;

/** @throws RunFailure 'bad-data' with the first row that has nothing to learn from, and how many there are */
export async function encodeRows({ file, rows }: Rows, task: Task, onRow?: () => Promise<void>): Promise<EncodedSplit> {
  const encoded: EncodedRow[] = [];
  const refused: RunFailure[] = [];
  for (const [index, row] of rows.entries()) {
    try {
      encoded.push(task.encode(row, index));
    } catch (thrown) {
      if (!(thrown instanceof RunFailure)) throw thrown;
      refused.push(new RunFailure({ line: row.line, ...thrown.error }));
    }
    await onRow?.();
  }
  const [first, ...others] = refused;
  if (first) throw refusal(first, file, others.length);
  return { file, rows, encoded };
}

function refusal({ error }: RunFailure, file: string, others: number): RunFailure {
  const more =
    others === 0 ? '' : `\nThere ${others === 1 ? 'is 1 more such row' : `are ${others} more such rows`} in this file.`;
  return new RunFailure({ ...error, message: `${error.message}${more}`, file });
}

function describeTruncation(splits: EncodedSplits, maxLength: number): string[] {
  return Object.entries(splits).flatMap(([name, { encoded }]) => {
    const full = encoded.filter(({ ids }) => ids.length >= maxLength).length;
    return full === 0
      ? []
      : [
          `${full} ${name} ${full === 1 ? 'text reaches' : 'texts reach'} the limit of ${maxLength} tokens; what is beyond is not read ("training.maxLength").`,
        ];
  });
}
