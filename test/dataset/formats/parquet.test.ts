/** The fixtures are made by pyarrow: fixtures/make-parquet.py. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { openParquet } from '../../../dataset/formats/parquet';
import type { RowBatch, RowGroupReader } from '../../../dataset/formats/row-groups';
import { createRandom } from '../../../dataset/seeded-random';
import { removeProjects, writeProject } from '../temporary-project';

const fixtures = resolve(process.cwd(), 'test/dataset/formats/fixtures');

const classified = Array.from({ length: 10 }, (_, index) => ({
  text: `Größe ${index} 😀`,
  label: index % 2 === 0 ? 'spam' : 'ham',
  stars: index,
}));

const nested = [
  {
    messages: [
      { role: 'user', content: 'Hi' },
      { role: 'assistant', content: 'Hello, 世界', name: 'Ada' },
    ],
    tokens: ['Paris', null, ''],
    tags: [1, 2, 0],
    label: 'a',
    score: 0.5,
    liked: true,
    big: 2 ** 53, // 2^53 + 1 has no number of its own, and 2^53 is refused as unsafe
    raw: 'café',
    day: '2026-11-23T00:00:00.000Z',
    at: '2026-11-23T05:06:07.000Z',
    price: 12.5,
  },
  { messages: [], tokens: [], tags: [3], label: 'b', liked: false, big: 7, raw: Uint8Array.of(0xff, 0xfe) },
  {},
  { tokens: ['x'], label: 'a', score: -1 },
];

async function collect(reader: RowGroupReader, firstRow?: number): Promise<RowBatch[]> {
  const batches: RowBatch[] = [];
  for await (const batch of reader.read(firstRow === undefined ? {} : { firstRow })) batches.push(batch);
  return batches;
}

async function valuesOf(file: string): Promise<unknown[]> {
  return (await collect(await openParquet(file))).flatMap(({ rows }) => rows.map(({ value }) => value));
}

async function openBytes(bytes: Uint8Array): Promise<RowGroupReader> {
  return openParquet(join(writeProject({ 'a.parquet': bytes }), 'a.parquet'));
}

const messageOf = ({ problems }: Pick<RowGroupReader, 'problems'>) =>
  problems.map(({ code, severity, message }) => `${code} ${severity}: ${message}`).join();

describe('openParquet', function () {
  this.timeout(60_000);
  after(removeProjects);

  for (const name of ['none', 'snappy', 'gzip', 'zstd', 'brotli', 'delta', 'pages'])
    it(`reads rows in order: ${name}`, async () =>
      assert.deepEqual(await valuesOf(join(fixtures, `${name}.parquet`)), classified));

  for (const name of ['nested', 'nested-v2'])
    it(`reads lists, structs, dates and nulls as JSON has them: ${name}`, async () =>
      assert.deepEqual(await valuesOf(join(fixtures, `${name}.parquet`)), nested));

  it('gives a batch for each group, with the numbers of its rows', async () => {
    const reader = await openParquet(join(fixtures, 'snappy.parquet'));
    assert.deepEqual([reader.columns, reader.rowCount, reader.reasons], [['text', 'label', 'stars'], 10, ['3 row groups']]);
    const batches = await collect(reader);
    assert.deepEqual(
      batches.map(({ firstRow, rowCount, rows }) => [firstRow, rowCount, rows.map(({ line }) => line)]),
      [
        [1, 4, [1, 2, 3, 4]],
        [5, 4, [5, 6, 7, 8]],
        [9, 2, [9, 10]],
      ],
    );
    const later = await collect(reader, 8);
    assert.deepEqual(
      later.map(({ firstRow }) => firstRow),
      [5, 9],
    );
  });

  it('names the columns of the first level only', async () => {
    const { columns } = await openParquet(join(fixtures, 'nested.parquet'));
    assert.deepEqual(columns, [
      'messages',
      'tokens',
      'tags',
      'label',
      'score',
      'liked',
      'big',
      'raw',
      'day',
      'at',
      'price',
      'nothing',
    ]);
  });

  it('places a value on the line of its row and in the column of its column', async () => {
    const [, batch] = await collect(await openParquet(join(fixtures, 'snappy.parquet')));
    const row = batch?.rows[1];
    const at = (path: string[]) => {
      const { line, column, endLine, endColumn } = row?.rangeAt(path) ?? assert.fail();
      return [line, column, endLine, endColumn];
    };
    assert.deepEqual(
      [at(['label']), at(['label', '0']), at([]), at(['x'])],
      [
        [6, 2, 6, 3],
        [6, 2, 6, 3],
        [6, 1, 6, 4],
        [6, 1, 6, 4],
      ],
    );
    assert.deepEqual(row?.keyRangeAt(['stars']), { line: 6, column: 3, endLine: 6, endColumn: 4 });
  });

  it('has columns and no rows where there are none', async () => {
    const reader = await openParquet(join(fixtures, 'empty.parquet'));
    assert.deepEqual([reader.columns, reader.problems, await collect(reader)], [['text', 'label', 'stars'], [], []]);
  });

  const snappy = readFileSync(join(fixtures, 'snappy.parquet'));
  /** Title, bytes, words of the message. */
  const damaged: [string, Uint8Array, RegExp][] = [
    ['nothing', new Uint8Array(0), /it has only 0 bytes/],
    ['a text', Buffer.from('text,label\na,b\n'), /it does not begin with PAR1/],
    ['a file that was cut off', readFileSync(join(fixtures, 'truncated.parquet')), /does not end with PAR1, so it was cut off/],
    ['a file without its footer', Buffer.concat([snappy.subarray(0, 40), Buffer.from('PAR1')]), /metadata length \d+ exceeds/],
    ['a file encrypted', Buffer.concat([snappy.subarray(0, -4), Buffer.from('PARE')]), /it is encrypted/],
    [
      'a footer of noise',
      Buffer.concat([snappy.subarray(0, -200), Buffer.alloc(192, 0xff), snappy.subarray(-8)]),
      /cannot be read as Parquet: /,
    ],
    [
      'a codec that is not known',
      readFileSync(join(fixtures, 'lz4.parquet')),
      /compressed with LZ4.*reads snappy, gzip, zstd and brotli/,
    ],
  ];
  for (const [title, bytes, words] of damaged) {
    it(`refuses ${title} in words`, async () => {
      const reader = await openBytes(bytes);
      assert.match(messageOf(reader), /^unreadable-file error: The file cannot be read as Parquet: /);
      assert.match(messageOf(reader), words);
      assert.deepEqual(await collect(reader), []);
    });
  }

  it('reports a damaged group and reads the others', async () => {
    const bytes = Buffer.from(snappy);
    bytes.fill(0xff, 10, 40);
    const [first, ...others] = await collect(await openBytes(bytes));
    assert.match(messageOf(first ?? assert.fail()), /^unreadable-file error: Rows 1 to 4 cannot be read: /);
    assert.deepEqual([first?.rows.length, first?.rowCount, first?.problems[0]?.line, first?.problems[0]?.endLine], [0, 4, 1, 4]);
    assert.deepEqual(
      others.flatMap(({ rows }) => rows.map(({ value }) => value)),
      classified.slice(4),
    );
  });

  it('neither throws nor stalls on bytes that were changed', async () => {
    const random = createRandom(2);
    let reported = 0;
    for (let round = 0; round < 300; round++) {
      const bytes = Buffer.from(readFileSync(join(fixtures, round % 2 === 0 ? 'snappy.parquet' : 'nested.parquet')));
      for (let change = 0; change <= random.integer(4); change++) bytes[random.integer(bytes.length)] = random.integer(256);
      const reader = await openBytes(bytes);
      const batches = await collect(reader);
      if (reader.problems.length > 0 || batches.some(({ problems }) => problems.length > 0)) reported++;
    }
    assert.ok(reported > 50, `${reported} were reported`);
  });

  it('stops when it is told to', async () => {
    const reader = await openParquet(join(fixtures, 'snappy.parquet'));
    await assert.rejects(reader.read({ signal: AbortSignal.abort(new Error('enough')) }).next(), /enough/);
  });

  it('throws when there is no file', async () => assert.rejects(openParquet(join(fixtures, 'none')), /ENOENT/));
});
