// A project that trains in seconds: few short rows, two classes. Written to disk as a user's would be.
import * as fs from 'node:fs';
import * as path from 'node:path';

export interface SmallProjectOptions {
  /** On top of what makes it fast. */
  readonly training?: Readonly<Record<string, unknown>>;
  readonly evaluateEvery?: number;
}

const praise = ['lovely', 'great', 'superb', 'good', 'wonderful', 'fine'];
const blame = ['awful', 'bad', 'terrible', 'poor', 'dreadful', 'weak'];
const things = ['film', 'book', 'meal', 'room'];

const row = (text: string, label: string) => JSON.stringify({ text, label });

/** 24 rows of each class in train, 4 of each in the others. */
export function rowsFor(split: 'train' | 'validation' | 'test' | 'ood'): string {
  const frame = { train: 'a', validation: 'the', test: 'such a', ood: 'honestly, a' }[split];
  const lines = things.flatMap((thing) => [
    ...praise.map((word) => row(`${frame} ${word} ${thing}`, 'praise')),
    ...blame.map((word) => row(`${frame} ${word} ${thing}`, 'blame')),
  ]);
  return `${(split === 'train' ? lines : lines.filter((_, index) => index % 6 === 0)).join('\n')}\n`;
}

export function createSmallProject(dir: string, options: SmallProjectOptions = {}): string {
  fs.mkdirSync(path.join(dir, 'data'), { recursive: true });
  for (const split of ['train', 'validation', 'test', 'ood'] as const) {
    fs.writeFileSync(path.join(dir, 'data', `${split}.jsonl`), rowsFor(split));
  }
  const config = {
    name: path.basename(dir),
    data: { train: 'data/train.jsonl', validation: 'data/validation.jsonl', test: 'data/test.jsonl', ood: 'data/ood.jsonl' },
    method: { type: 'lora', r: 4 },
    training: { maxSteps: 12, epochs: 100, batchSize: 4, maxLength: 16, ...options.training },
    evaluation: { every: options.evaluateEvery ?? 6, earlyStoppingPatience: 0 },
    threads: 1,
  };
  fs.writeFileSync(path.join(dir, 'temper.json'), `${JSON.stringify(config, undefined, 2)}\n`);
  return dir;
}
