/** Turns every split into token ids once, before training, and notices what a person should know about the texts. */
import type { LoadedData } from '../dataset/load-splits';
import type { RunConfig, Split } from '../protocol';
import type { EncodedSplit } from './evaluate';
import type { LoadedModel } from './model-folder';
import { encodeRow } from './tasks/text-classification';

export type EncodedSplits = Readonly<Partial<Record<Exclude<Split, 'train' | 'validation'>, EncodedSplit>>> & {
  readonly train: EncodedSplit;
  readonly validation: EncodedSplit;
};

const rowsPerReport = 2000;

/** `onProgress` is told how many rows of all are done, every few thousand. */
export async function encodeSplits(
  { splits, labels }: LoadedData,
  model: LoadedModel,
  { training }: RunConfig,
  onProgress: (done: number, total: number) => Promise<void>,
): Promise<{ splits: EncodedSplits; notices: string[] }> {
  const indexOfLabel = new Map(labels.map((label, index) => [label, index]));
  const maxLength = Math.min(training.maxLength, model.classifier.maxLength);
  const total = Object.values(splits).reduce((sum, split) => sum + split.rows.length, 0);
  let done = 0;
  const encode = async (split: { file: string; rows: EncodedSplit['rows'] }): Promise<EncodedSplit> => {
    const encoded = [];
    for (const [index, row] of split.rows.entries()) {
      encoded.push(encodeRow(row, index, indexOfLabel, model.tokenizer, maxLength));
      if (++done % rowsPerReport === 0 || done === total) await onProgress(done, total);
    }
    return { file: split.file, rows: split.rows, encoded };
  };
  const { train, validation, test, ood } = splits;
  if (train === undefined || validation === undefined)
    throw new Error('A run needs training and validation rows; loading the splits must have refused this.');
  const encoded: EncodedSplits = {
    train: await encode(train),
    validation: await encode(validation),
    ...(test && { test: await encode(test) }),
    ...(ood && { ood: await encode(ood) }),
  };
  return { splits: encoded, notices: describeTruncation(encoded, maxLength) };
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
