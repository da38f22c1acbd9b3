/** The faces of the dataset report as messages: what the host would say to get each of them. Figures are made by hand. */
import type { DatasetReport, HostToReport, LabelCount, ReportedPlace } from '../../../protocol';

const dir = '/work/support-tickets';

function place(name: string, line: number, message: string, column = 10, endColumn = 45): ReportedPlace {
  return { file: `${dir}/${name}`, name, range: { line, column, endLine: line, endColumn }, message, kind: 'text' };
}

const topics = ['card arrival', 'top up failed', 'exchange rate', 'lost phone', 'refund_not_showing_up', 'pin blocked'];

/** 50 labels, most first: 400, 392, … of train, a quarter of it in test. */
function manyLabels(): LabelCount[] {
  return Array.from({ length: 50 }, (_, index) => ({
    label: index === 44 ? 'x'.repeat(90) : `${topics[index % topics.length] ?? ''} ${index + 1}`,
    rows: { train: 400 - 8 * index, ...(index !== 49 && { test: Math.round((400 - 8 * index) / 4) }) },
  }));
}

const labels = manyLabels();
const shares = (...counts: number[]): number[] => counts.map((count) => count / counts.reduce((sum, next) => sum + next, 0));

const full: DatasetReport = {
  projectDir: dir,
  projectName: 'support-tickets',
  isComplete: true,
  sentences: [
    { tone: 'error', lead: '2 errors in validation', rest: ': a run begins when there are none.' },
    {
      tone: 'warning',
      lead: '12 rows of test stand in train',
      rest: ', and 5 more almost: scores on them show what was learnt by heart.',
    },
    {
      tone: 'info',
      lead: '10,200 training rows with 50 labels',
      rest: ', and 3,080 held out. Half of the training rows have at most 14 tokens, the longest 212.',
    },
  ],
  files: [
    {
      file: `${dir}/data/train.csv`,
      name: 'data/train.csv',
      split: 'train',
      rows: 10_200,
      reading: {
        format: 'csv',
        encoding: 'windows-1252',
        shape: 'a text and its label',
        reasons: ['the name ends in .csv', 'the separator is ";": 9 of 9 lines have two', '"category" is read as the label'],
      },
      problems: { error: 0, warning: 31, information: 2 },
      suppressed: 4,
      isText: true,
    },
    {
      file: `${dir}/data/validation.jsonl`,
      name: 'data/validation.jsonl',
      split: 'validation',
      rows: 1000,
      problems: { error: 2, warning: 0, information: 0 },
      suppressed: 0,
      isText: true,
    },
    {
      file: `${dir}/data/test.parquet`,
      name: 'data/test.parquet',
      split: 'test',
      rows: 2080,
      reading: { format: 'parquet', encoding: 'utf-8', shape: 'a text and its label', reasons: ['the name ends in .parquet'] },
      problems: { error: 0, warning: 17, information: 0 },
      suppressed: 0,
      isText: false,
    },
  ],
  labels: {
    splits: ['train', 'test'],
    totals: { train: 10_200, test: 2500 },
    frequent: labels.slice(0, 30),
    between: { labels: 10, rows: { train: 1240, test: 310 } },
    rare: labels.slice(40),
  },
  lengths: {
    unit: 'token',
    maxLength: 64,
    binWidth: 5,
    isOpen: true,
    splits: [
      {
        split: 'train',
        p50: 14,
        p95: 41,
        max: 212,
        isSample: true,
        longer: { rows: 96, share: 0.0094, isExact: false },
        shares: shares(10, 220, 410, 380, 240, 160, 90, 70, 40, 30, 20, 12, 8, 6, 5, 20),
      },
      {
        split: 'test',
        p50: 13,
        p95: 38,
        max: 60,
        isSample: false,
        longer: { rows: 0, share: 0, isExact: true },
        shares: shares(4, 60, 90, 88, 50, 40, 20, 14, 10, 6, 4, 3, 2, 0, 0, 0),
      },
    ],
  },
  leaks: [
    {
      code: 'leak',
      severity: 'warning',
      count: 12,
      files: [{ name: 'data/test.parquet', count: 12 }],
      places: [
        {
          ...place(
            'data/test.parquet',
            1204,
            'This text stands in the training rows too: a score on it shows what was learnt by heart.',
          ),
          kind: 'row',
        },
      ],
    },
  ],
  problems: [
    {
      code: 'empty-field',
      severity: 'error',
      count: 2,
      files: [{ name: 'data/validation.jsonl', count: 2 }],
      places: [
        place('data/validation.jsonl', 3, '"text" is empty. Write a text or remove the row.'),
        place('data/validation.jsonl', 17, '"text" is empty. Write a text or remove the row.'),
      ],
    },
    {
      code: 'near-duplicate',
      severity: 'warning',
      count: 31,
      files: [
        { name: 'data/train.csv', count: 26 },
        { name: 'data/test.parquet', count: 5 },
      ],
      places: [
        place(
          'data/train.csv',
          40,
          'This text is almost that of line 12 (94 % of its words). Remove one of them, or make them differ.',
        ),
        place(
          'data/train.csv',
          512,
          'This text is almost that of line 12 (90 % of its words). Remove one of them, or make them differ.',
        ),
        place(
          'data/train.csv',
          780,
          'This text is almost that of line 31 (91 % of its words). Remove one of them, or make them differ.',
        ),
      ],
    },
    {
      code: 'extra-field',
      severity: 'information',
      count: 2,
      files: [{ name: 'data/train.csv', count: 2 }],
      places: [place('data/train.csv', 1, 'The column "notes" is read by nothing.')],
    },
  ],
  suppressed: 4,
};

/** A project whose rows have no labels and whose model is not here. */
const chat: DatasetReport = {
  projectDir: dir,
  projectName: 'shop-answers',
  isComplete: false,
  sentences: [{ tone: 'info', lead: '561 training rows', rest: '. No file is held out, so a part of them is.' }],
  files: [
    {
      file: `${dir}/data/train.jsonl`,
      name: 'data/train.jsonl',
      split: 'train',
      rows: 561,
      reading: { format: 'jsonl', encoding: 'utf-8', shape: 'a list of messages', reasons: ['the name ends in .jsonl'] },
      problems: { error: 0, warning: 0, information: 0 },
      suppressed: 0,
      isText: true,
    },
  ],
  lengths: {
    unit: 'character',
    binWidth: 20,
    isOpen: false,
    splits: [{ split: 'train', p50: 70, p95: 130, max: 157, isSample: false, shares: shares(10, 40, 90, 160, 120, 80, 41, 20) }],
  },
  leaks: [],
  problems: [],
  suppressed: 0,
};

const empty: DatasetReport = {
  projectDir: dir,
  projectName: 'support-tickets',
  isComplete: true,
  sentences: [{ tone: 'error', lead: 'There are no rows', rest: ': temper.json leads to no file that has any.' }],
  files: [],
  leaks: [],
  problems: [
    {
      code: 'missing-file',
      severity: 'error',
      count: 1,
      files: [{ name: 'temper.json', count: 1 }],
      places: [place('temper.json', 4, 'There is no file /work/support-tickets/data/train.jsonl, which "data.train" names.')],
    },
  ],
  suppressed: 0,
};

export const reportFaces = {
  loading: undefined,
  empty: { kind: 'report', report: empty },
  full: { kind: 'report', report: full },
  chat: { kind: 'report', report: chat },
  broken: { kind: 'broken', message: `There is no project in ${dir} any more.`, hint: 'Close this report.' },
} as const satisfies Record<string, HostToReport | undefined>;

export type ReportFace = keyof typeof reportFaces;
