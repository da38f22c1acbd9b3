/** Files of every format and shape without a fault, for what must hold of all of them. */
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Random } from '../../../dataset/seeded-random';
import { randomRows } from './random-rows';

/** Of temper.json. */
export interface Settings {
  readonly task?: object;
  readonly data?: object;
}

export type Content = string | Buffer | Readonly<Record<string, Buffer>>;

const parquet = resolve(process.cwd(), 'test/dataset/formats/fixtures');
/** One pixel. */
const image = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAQAAAC1HAwCAAAAC0lEQVR42mNkYAAAAAYAAjCB0C8AAAAASUVORK5CYII=',
  'base64',
);

export const texts = (random: Random, count: number) =>
  Array.from({ length: count }, (_, index) => ({
    text: `${index}: ${['where is it', 'two\nlines', 'say "no", please', '😀 né'][random.integer(4)] ?? ''}`,
    label: ['refund', 'shipping'][index % 2],
  }));

const quoted = (cell: unknown) => `"${String(cell).replaceAll('"', '""')}"`;
const cells = (separator: string) => (random: Random) =>
  `text${separator}label\n${texts(random, 40)
    .map(({ text, label }) => `${quoted(text)}${separator}${label}\n`)
    .join('')}`;
const sentence = (index: number) => `word${index}\tB-x\nand\tO\nParis\tI-y\n\n`;

export const chats: Settings = { task: { type: 'instruction-tuning' } };
export const shaped = (shape: string): Settings => ({ data: { shape } });

/** A file that is right: its title, its name, what temper.json says of it, what is in it (or the files of a folder). */
export const rightFiles: [string, string, Settings, (random: Random) => Content][] = [
  [
    'JSON Lines',
    'a.jsonl',
    {},
    (random) =>
      texts(random, 40)
        .map((row) => `${JSON.stringify(row)}\n`)
        .join(''),
  ],
  ['a JSON list', 'a.json', {}, (random) => JSON.stringify(texts(random, 40), null, 2)],
  ['a JSON list on one line', 'a.json', {}, (random) => JSON.stringify(texts(random, 40))],
  ['CSV', 'a.csv', {}, cells(',')],
  ['TSV', 'a.tsv', {}, cells('\t')],
  [
    'CoNLL',
    'a.conll',
    shaped('token-tags'),
    () => Array.from({ length: 40 }, (_, index) => sentence(index).replace('I-y', 'O')).join(''),
  ],
  [
    'plain text',
    'a.txt',
    shaped('text'),
    (random) =>
      texts(random, 40)
        .map(({ text }) => `${text.replace('\n', ' ')}\n`)
        .join(''),
  ],
  ['Parquet', 'a.parquet', {}, () => readFileSync(join(parquet, 'snappy.parquet'))],
  ['Parquet in pages', 'a.parquet', {}, () => readFileSync(join(parquet, 'pages.parquet'))],
  [
    'folders of images',
    'images',
    shaped('image-classification'),
    () => ({ 'cat/1.png': image, 'cat/2.png': image, 'dog/3.png': image }),
  ],
  [
    'images with metadata',
    'images',
    shaped('image-caption'),
    () => ({
      'metadata.csv': Buffer.from('file_name,caption\n1.png,"a cat,\nasleep"\n2.png,a dog\n'),
      '1.png': image,
      '2.png': image,
    }),
  ],
  ['conversations', 'a.jsonl', chats, (random) => randomRows('chat', random, true)],
  ['prompts', 'a.jsonl', chats, (random) => randomRows('prompts', random, true)],
  ['instructions', 'a.jsonl', chats, (random) => randomRows('alpaca', random, true)],
  ['preferences', 'a.jsonl', shaped('preference'), (random) => randomRows('preference', random, true)],
  ['texts that are close', 'a.jsonl', shaped('embedding'), (random) => randomRows('embedding', random, true)],
];
