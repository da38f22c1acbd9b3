import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { LintSession } from '../../../dataset/lint/lint-session';
import type { LintedFile } from '../../../dataset/lint/linted-file';
import { removeProjects, writeProject } from '../temporary-project';
import { cut, options, placesOf, runToEnd } from './linting';

const lint = { rules: { 'too-few-rows': 'off', 'rare-class': 'off' } };
const rows = (from: number, to: number) =>
  Array.from({ length: to - from }, (_, index) =>
    JSON.stringify({ text: `parcel ${from + index} is late`, label: (from + index) % 2 ? 'a' : 'b' }),
  ).join('\n') + '\n';

function project(train: string, test: string): { dir: string; train: string; test: string } {
  const dir = writeProject({
    'temper.json': { lint, data: { train: 'train.jsonl', test: 'test.jsonl' } },
    'train.jsonl': train,
    'test.jsonl': test,
  });
  return { dir, train: join(dir, 'train.jsonl'), test: join(dir, 'test.jsonl') };
}

describe('LintSession', function () {
  this.timeout(30_000);
  afterEach(removeProjects);

  it('says first what blocks say, then what whole files say, and in the end that it is complete', async () => {
    const { dir, test } = project(rows(0, 20), `${rows(20, 25)}{"text": "parcel 3 is late", "label": "a"}\n{"text": ""}\n`);
    const told: string[] = [];
    for await (const { file, problems, isComplete } of new LintSession(dir, options).run()) {
      if (file === test) told.push(`${isComplete ? 'complete' : 'partial'}: ${placesOf({ problems }).join(', ')}`);
    }
    assert.equal(told[0], 'partial: missing-field 7, empty-field 7');
    assert.equal(told.at(-1), 'complete: leak 6, missing-field 7, empty-field 7');
  });

  it('links a leak to its twin in the other file, also after that has moved', async () => {
    const { dir, train, test } = project(rows(0, 20), '{"text": "parcel 3 is late", "label": "a"}\n');
    const session = new LintSession(dir, options);
    const twinOf = (linted: LintedFile | undefined) => linted?.problems.find(({ code }) => code === 'leak')?.related?.[0];
    const before = twinOf((await runToEnd(session)).get(test));
    assert.deepEqual([before?.file, before?.line, cut(rows(0, 20), before ?? assert.fail())], [train, 4, '"parcel 3 is late"']);
    const longer = `${rows(90, 95)}${rows(0, 20)}`;
    session.open(train, longer);
    const after = twinOf((await runToEnd(session)).get(test));
    assert.deepEqual([after?.line, cut(longer, after ?? assert.fail())], [9, '"parcel 3 is late"']);
  });

  it('takes the text of the editor, edits in it, and the disk again when it is closed', async () => {
    const { dir, train } = project(rows(0, 20), rows(20, 25));
    const session = new LintSession(dir, options);
    await runToEnd(session);
    const text = rows(0, 20);
    session.open(train, text);
    session.edit(train, [{ start: 0, end: 1, text: '' }]);
    assert.deepEqual(placesOf((await runToEnd(session)).get(train) ?? assert.fail()), ['invalid-json 1']);
    session.edit(train, [{ start: 0, end: 0, text: '{' }]);
    assert.deepEqual(placesOf((await runToEnd(session)).get(train) ?? assert.fail()), []);
    session.edit(train, [{ start: 0, end: 10, text: '' }]);
    session.close(train);
    await runToEnd(session);
    assert.equal(session.rowAt(train, 1, 5)?.line, 1);
  });

  it('knows labels that are being typed into train while it reads the others', async () => {
    const { dir, train, test } = project(rows(0, 20), '{"text": "so late", "label": "new"}\n');
    const session = new LintSession(dir, options);
    assert.deepEqual(placesOf((await runToEnd(session)).get(test) ?? assert.fail()), ['unknown-label 1']);
    session.open(train, `${rows(0, 20)}{"text": "a new one", "label": "new"}\n`);
    assert.deepEqual(placesOf((await runToEnd(session)).get(test) ?? assert.fail()), []);
  });

  it('ends early when something is edited meanwhile, and goes on from there', async () => {
    const { dir, train } = project(rows(0, 20), rows(20, 25));
    const session = new LintSession(dir, options);
    session.open(train, rows(0, 20));
    const told: string[] = [];
    for await (const { file } of session.run()) {
      told.push(file);
      if (told.length === 1) session.edit(train, [{ start: 0, end: 1, text: '' }]);
    }
    assert.deepEqual(told, [train]);
    assert.deepEqual(placesOf((await runToEnd(session)).get(train) ?? assert.fail()), ['invalid-json 1']);
  });

  it('says nothing new of files that did not change', async () => {
    const { dir, train, test } = project(rows(0, 20), rows(20, 25));
    const session = new LintSession(dir, options);
    await runToEnd(session);
    assert.deepEqual([...(await runToEnd(session)).keys()], [join(dir, 'temper.json')]);
    writeFileSync(test, rows(30, 40));
    assert.deepEqual([...(await runToEnd(session)).keys()], [test, join(dir, 'temper.json')]);
    assert.ok(session.files.has(train));
  });

  it('gives the row at a place as training reads it', async () => {
    const { dir, train } = project(rows(0, 20), rows(20, 25));
    const session = new LintSession(dir, options);
    await runToEnd(session);
    assert.deepEqual(session.rowAt(train, 3, 1), {
      row: { kind: 'classification', line: 3, text: 'parcel 2 is late', label: 'b' },
      line: 3,
      endLine: 3,
    });
    assert.equal(session.rowAt(train, 400, 1), undefined);
  });

  it('lists no more problems than it is asked for, and counts all', async () => {
    const { dir, train } = project(rows(0, 20) + 'nonsense\n'.repeat(50), rows(20, 25));
    const session = new LintSession(dir, { ...options, limits: { maxProblems: 7 } });
    const { problems, summary } = (await runToEnd(session)).get(train) ?? assert.fail();
    assert.deepEqual([problems.length, summary.problems.error], [7, 50]);
  });

  it('samples the figures of a file', async () => {
    const { dir, train } = project(rows(0, 20), rows(20, 25));
    const tools = {
      readInputs: () =>
        Promise.resolve({ maxLength: 5, fewestUnitsPerToken: 1, fewestAsciiUnitsPerToken: 1, countTokens: () => 7 }),
    };
    const session = new LintSession(dir, { ...options, tools });
    const { summary } = (await runToEnd(session)).get(train) ?? assert.fail();
    assert.deepEqual(
      [summary.rows, summary.labels, summary.maxLength],
      [
        20,
        [
          { label: 'a', rows: 10 },
          { label: 'b', rows: 10 },
        ],
        5,
      ],
    );
    assert.deepEqual([...(summary.tokens ?? [])], Array(20).fill(7));
    assert.equal(summary.byCode.get('truncated-row'), 20);
  });
});
