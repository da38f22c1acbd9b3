/** Files of data that a seed gives: mostly right, with every kind of fault that a person or a program makes. */
import type { Random } from '../../../dataset/seeded-random';

const words = [
  'where',
  'is',
  'my',
  'parcel',
  'refund',
  'please',
  'né',
  '日本',
  '😀',
  'a "quote"',
  'back\\slash',
  'tab\there',
  'tom@acme.io',
  'Ã©',
];
const labels = ['shipping', 'refund', 'praise', 'refnud'];

export const textOf = (random: Random): string =>
  Array.from({ length: 1 + random.integer(6) }, () => words[random.integer(words.length)] ?? '').join(' ');

const labelOf = (random: Random): string => labels[random.integer(labels.length)] ?? '';

function jsonRow(random: Random): string {
  const row = JSON.stringify({ text: textOf(random), label: labelOf(random) });
  const faults = [
    row,
    row,
    row,
    row,
    row,
    row,
    row.replace('"text"', 'text'),
    row.replace('}', ',}'),
    row.replace('"label"', '"lable"'),
    row.slice(0, -2),
    '',
    '[1]',
    row.replace('{', '{"text": "first", '),
    JSON.stringify({ text: '', label: 3 }),
  ];
  return faults[random.integer(faults.length)] ?? row;
}

function csvRow(random: Random): string {
  const quoted = (text: string) => `"${text.replaceAll('"', '""')}"`;
  const text = random.integer(4) === 0 ? `${textOf(random)}\nsecond line` : textOf(random);
  const row = `${quoted(text)},${labelOf(random)}`;
  const faults = [
    row,
    row,
    row,
    row,
    row,
    `${row},more`,
    'lonely',
    '',
    `say "no",${labelOf(random)}`,
    `"open,${labelOf(random)}`,
  ];
  return faults[random.integer(faults.length)] ?? row;
}

const lineEnds = ['\n', '\n', '\n', '\r\n', '\r'];

export type RandomFormat = 'jsonl' | 'json' | 'csv' | 'conll' | 'txt';

/** `mixed` line ends, or "\n" alone: an editor has one kind. */
export function randomFile(format: RandomFormat, random: Random, isMixed: boolean): string {
  const end = () => (isMixed ? (lineEnds[random.integer(lineEnds.length)] ?? '\n') : '\n');
  const count = random.integer(30);
  const rows = Array.from({ length: count }, () => rowOf(format, random));
  switch (format) {
    case 'json':
      return `[${end()}${rows.filter((row) => row !== '').join(`,${end()}`)}${end()}]${end()}`;
    case 'csv':
      return ['text,label', ...rows].map((row) => row + end()).join('');
    case 'jsonl':
    case 'conll':
    case 'txt':
      return rows
        .map((row) => row + end())
        .join('')
        .slice(0, random.integer(3) === 0 ? -1 : undefined);
    default:
      return format satisfies never;
  }
}

function rowOf(format: RandomFormat, random: Random): string {
  if (format === 'csv') return csvRow(random);
  if (format === 'conll')
    return (
      Array.from(
        { length: 1 + random.integer(4) },
        () => `${words[random.integer(5)] ?? ''}\t${['O', 'B-x', 'I-x'][random.integer(3)] ?? ''}`,
      ).join('\n') + '\n'
    );
  return format === 'txt' ? textOf(random) : jsonRow(random);
}

/** Something typed, pasted or deleted anywhere. */
export function randomChange(text: string, random: Random): { start: number; end: number; text: string } {
  const start = random.integer(text.length + 1);
  const end = random.integer(2) === 0 ? start : Math.min(text.length, start + random.integer(60));
  const typed = ['', 'x', '"', '\n', ',', '}', '{"text": "new", "label": "refund"}\n', '\n\n', ']', '[', '\\'];
  return { start, end, text: typed[random.integer(typed.length)] ?? '' };
}
