/** What a hostile user did to linting, and what it has to say to that. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { symlinkSync, unlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { LintSession } from '../../../dataset/lint/lint-session';
import { lintPath } from '../../../dataset/lint/lint-path';
import { rolesAlone } from '../../../dataset/lint/project-roles';
import { loadSplits, type LoadedData } from '../../../dataset/load-splits';
import { readProject } from '../../../dataset/project';
import { requireTrainableSplits } from '../../../dataset/trainable-rows';
import { RunFailure } from '../../../protocol';
import { removeProjects, writeProject } from '../temporary-project';
import { lint, options, placesOf, runToEnd } from './linting';
import { setBlockUnits } from './small-blocks';

const quiet = { 'too-few-rows': 'off', 'rare-class': 'off', 'near-leak': 'off', 'near-duplicate': 'off', 'one-class': 'off' };
const row = (text: string, label = 'a') => `${JSON.stringify({ text, label })}\n`;
const rows = (from: number, to: number) =>
  Array.from({ length: to - from }, (_, index) => row(`parcel ${from + index} is late`, (from + index) % 2 ? 'a' : 'b')).join('');

const load = async (dir: string): Promise<LoadedData> => loadSplits(await readProject(dir));
/** As a run does it. */
const loadToTrain = async (dir: string): Promise<void> => requireTrainableSplits(await readProject(dir), await load(dir));

describe('linting under hostile use', function () {
  this.timeout(60_000);
  afterEach(removeProjects);

  it('forgets leaks when the training rows are gone, and finds them again when they are back', async () => {
    const dir = writeProject({
      'temper.json': { lint: { rules: quiet }, data: { train: 'train.jsonl', test: 'test.jsonl' } },
      'train.jsonl': rows(0, 20),
      'test.jsonl': rows(3, 5),
    });
    const [config, train, test] = [join(dir, 'temper.json'), join(dir, 'train.jsonl'), join(dir, 'test.jsonl')];
    const session = new LintSession(dir, options);
    assert.deepEqual(placesOf((await runToEnd(session)).get(test) ?? assert.fail()), ['leak 1', 'leak 2']);
    unlinkSync(train);
    session.changed(train);
    const gone = await runToEnd(session);
    assert.deepEqual(placesOf(gone.get(test) ?? assert.fail('nothing new was said of it')), []);
    assert.deepEqual(placesOf(gone.get(config) ?? assert.fail()), ['missing-file 1']);
    session.open(train, rows(4, 20));
    assert.deepEqual(placesOf((await runToEnd(session)).get(test) ?? assert.fail()), ['leak 2']);
  });

  it('finds in whole files what is there after an edit, whenever that comes', async () => {
    const dir = writeProject({
      'temper.json': { lint: { rules: quiet }, data: { train: 'train.jsonl', test: 'test.jsonl' } },
      'train.jsonl': rows(0, 20),
      'test.jsonl': rows(30, 32),
    });
    const test = join(dir, 'test.jsonl');
    for (let wanted = 0; wanted < 6; wanted++) {
      const session = new LintSession(dir, options);
      session.open(test, rows(30, 32));
      let told = 0;
      for await (const _ of session.run())
        if (told++ === wanted) session.edit(test, [{ start: 0, end: 0, text: rows(3, 4) + rows(31, 32) }]);
      const after = (await runToEnd(session)).get(test) ?? assert.fail();
      assert.deepEqual(placesOf(after), ['leak 1', 'duplicate-row 4'], `edited after ${wanted} reports`);
    }
  });

  it('lints a file that is two splits as each of them', async () => {
    const dir = writeProject({
      'temper.json': { lint: { rules: { ...quiet, 'too-few-rows': 'warning' } }, data: { train: 'a.jsonl', test: 'a.jsonl' } },
      'a.jsonl': rows(0, 3),
    });
    const said = (await lint(dir)).map((linted) => `${linted.split}: ${placesOf(linted).join(', ')}`);
    assert.deepEqual(said, ['train: too-few-rows 1', 'test: leak 1, leak 2, leak 3']);
  });

  it('lists what an editor holds, however many problems a block has', async () => {
    const session = new LintSession(rolesAlone(['/nowhere/a.jsonl']), { tools: {}, limits: { maxProblems: 10 } });
    session.open('/nowhere/a.jsonl', `${rows(0, 3)}${'\n'.repeat(400_000)}`);
    const linted = (await runToEnd(session)).get('/nowhere/a.jsonl');
    assert.equal(linted?.problems.length, 10);
    assert.equal(linted.summary.byCode.get('blank-line'), 400_000);
  });

  for (const units of [70_000, 5_000_000])
    it(`reads a file whose first row has ${units} characters`, async () => {
      const long = 'abc '.repeat(units / 4);
      for (const [name, text] of [
        ['a.jsonl', `${row(long)}${rows(0, 3)}`],
        ['b.json', `[${row(long)}, ${row('short')}, ${row('shorter')}, {"text": "last", "label": "a"}]`],
      ] as const) {
        const dir = writeProject({ [name]: text });
        const [onDisk] = await lint(join(dir, name));
        assert.deepEqual([onDisk?.shape?.name, onDisk?.summary.rows], ['classification', 4], name);
        const session = new LintSession(rolesAlone([join(dir, name)]), options);
        session.open(join(dir, name), text);
        assert.equal((await runToEnd(session)).get(join(dir, name))?.summary.rows, 4, name);
        session.edit(join(dir, name), [{ start: 13, end: 14, text: 'z' }]);
        assert.equal((await runToEnd(session)).get(join(dir, name))?.summary.rows, 4, `${name}, edited`);
      }
    });

  it('takes an edit that joins all blocks of a long line in time that grows with the line', async () => {
    const timeMs = async (count: number) => {
      const text = `[${rows(0, count).trim().replaceAll('\n', ',')}]`;
      const session = new LintSession(rolesAlone(['/nowhere/a.json']), options);
      session.open('/nowhere/a.json', text);
      await runToEnd(session);
      const startMs = performance.now();
      session.edit('/nowhere/a.json', [{ start: 20, end: 20, text: '\n' }]);
      return performance.now() - startMs;
    };
    setBlockUnits(2000);
    try {
      const [short, long] = [await timeMs(2000), await timeMs(32_000)];
      assert.ok(long < 64 * short, `${short} ms, and ${long} ms for 16 times as much`);
    } finally {
      setBlockUnits(undefined);
    }
  });

  it('gives fingerprints only to what is about a row, so that each of them suppresses what it was asked for', async () => {
    const data = { train: 'a.jsonl', labels: ['a', 'c'] };
    const files = { 'a.jsonl': `{"text": "one", "text": "two", "label": "a"}\n${row('three', 'b')}` };
    const suppress: object[] = [];
    const dir = writeProject({ ...files, 'temper.json': { data } });
    const [linted = assert.fail()] = await lint(dir);
    for (const problem of linted.problems) {
      const fingerprint = linted.fingerprintOf(problem);
      const isOfFile = ['unused-label', 'too-few-rows'].includes(problem.code);
      assert.match(fingerprint, isOfFile ? /^$/ : /^[0-9a-f]{12}$/, problem.code);
      if (!isOfFile) suppress.push({ code: problem.code, row: fingerprint, reason: 'known' });
    }
    assert.equal(suppress.length > 2, true);
    writeFileSync(join(dir, 'temper.json'), JSON.stringify({ lint: { suppress }, data }));
    assert.deepEqual(placesOf((await lint(dir))[0] ?? assert.fail()), ['unused-label 1', 'too-few-rows 1']);
  });

  it('goes on behind a link that leads nowhere, which it reports, and passes over pipes and folders', async function () {
    if (process.platform === 'win32') this.skip(); // has neither
    const dir = writeProject({ 'b.jsonl': 'junk\n', 'c.jsonl/readme.md': 'a folder' });
    symlinkSync('/nowhere/at/all', join(dir, 'a.jsonl'));
    assert.equal(spawnSync('mkfifo', [join(dir, 'd.jsonl'), join(dir, 'e.json')]).status, 0);
    const said = (await lint(dir)).map(({ file, problems }) => `${file.slice(dir.length + 1)}: ${problems[0]?.code}`);
    assert.deepEqual(said, ['a.jsonl: unreadable-file', 'b.jsonl: invalid-json']);
    const [pipe] = await lint(join(dir, 'd.jsonl'));
    assert.match(pipe?.problems[0]?.message ?? '', /it is neither a file nor a folder/);
  });

  it('counts rows that could not be read among those that are left out, and says what accepts them', async () => {
    const rules = { ...quiet, 'invalid-json': 'warning', 'not-an-object': 'off', 'missing-field': 'warning' };
    const dir = writeProject({
      'temper.json': {
        lint: { rules, suppress: [{ code: 'wrong-type', reason: 'they are known' }] },
        data: { train: 'a.jsonl' },
      },
      'a.jsonl': `${rows(0, 20)}{"text": "no comma" "label": "a"}\n[1]\n{"text": "no label"}\n{"text": 7, "label": "a"}\n`,
    });
    const { notices, splits } = await load(dir);
    assert.equal((splits.train?.rows.length ?? 0) + (splits.validation?.rows.length ?? 0), 20);
    assert.deepEqual(notices, ['4 of 24 rows of a.jsonl are left out: temper.json says that their faults are no errors.']);
  });

  it('counts a row that cannot be read once, whatever is wrong with it, in each format', async () => {
    const rules = { ...quiet, 'ragged-row': 'warning', 'unclosed-quote': 'off', 'invalid-json': 'information' };
    for (const [name, text] of [
      ['a.csv', 'text,label\nx,a\ny,b\nz,a\nw,b\nonly one\n"never closed,a\n'],
      [
        'b.json',
        '[{"text":"x","label":"a"},{"text":"y","label":"b"},{"text":"z","label":"a"},{"text":"w","label":"b"},{"text" 1},{"text": tru}]',
      ],
    ] as const) {
      const dir = writeProject({ 'temper.json': { lint: { rules }, data: { train: name } }, [name]: text });
      const { notices } = await load(dir);
      assert.deepEqual(notices, [`2 of 6 rows of ${name} are left out: temper.json says that their faults are no errors.`]);
    }
  });

  it('refuses a split without rows to use, even where temper.json says that this is no error', async () => {
    const off = {
      'no-rows': 'off',
      'missing-column': 'off',
      'unknown-format': 'warning',
      'unreadable-file': 'off',
      'missing-field': 'off',
    };
    const files = {
      'empty.jsonl': '',
      'other.csv': 'one,two\n1,2\n3,4\n',
      'photo.bin': Buffer.from([1, 2, 0]),
      'cut.parquet': 'PAR1',
    };
    for (const name of Object.keys(files))
      for (const data of [{ train: name }, { train: 'a.jsonl', test: name }, { train: 'a.jsonl', validation: name }]) {
        const dir = writeProject({
          ...files,
          'temper.json': { lint: { rules: { ...quiet, ...off } }, data },
          'a.jsonl': rows(0, 20),
        });
        await assert.rejects(loadToTrain(dir), (thrown) => {
          assert.ok(thrown instanceof RunFailure, String(thrown));
          assert.deepEqual([thrown.error.code, thrown.error.file], ['bad-data', join(dir, name)]);
          return true;
        });
      }
  });

  it('refuses rows that the task does not train on, though they can be linted', async () => {
    const files = {
      'a.jsonl': rows(0, 20),
      'photos/good/a.png': '',
      'photos/good/b.png': '1',
      'photos/bad/c.png': '2',
      'photos/bad/d.png': '3',
    };
    for (const [data, found] of [
      [{ train: 'a.jsonl', shape: 'text' }, 'text'],
      [{ train: 'photos' }, 'image'],
    ] as const) {
      const lint = { rules: { ...quiet, 'unreadable-image': 'off' } };
      const dir = writeProject({ ...files, 'temper.json': { lint, data } });
      const message = new RegExp(
        `are read as rows of the kind "${found}"\\. The task text-classification trains on rows of a text and its label`,
      );
      await assert.rejects(loadToTrain(dir), (thrown) => thrown instanceof RunFailure && message.test(thrown.error.message));
    }
  });

  it('judges suppressions only where every rule has run: not in front of a run', async () => {
    const suppress = [{ code: 'near-duplicate', reason: 'templates' }];
    const dir = writeProject({
      'temper.json': {
        lint: { rules: { 'too-few-rows': 'off', 'unused-suppression': 'error' }, suppress },
        data: { train: 'a.jsonl' },
      },
      'a.jsonl': `${rows(0, 20)}${row('one two three four five six seven eight nine ten eleven twelve, thirteen')}${row('one two three four five six seven eight nine ten eleven twelve thirteen')}`,
    });
    assert.deepEqual(placesOf({ problems: (await lint(dir)).flatMap(({ problems }) => problems) }), []);
    assert.deepEqual((await load(dir)).notices, []);
  });

  it('says nothing of a suppression of long rows where no model tells how long they are', async () => {
    const suppress = [{ code: 'truncated-row', reason: 'the end says nothing' }];
    const dir = writeProject({
      'temper.json': { lint: { rules: quiet, suppress }, data: { train: 'a.jsonl' } },
      'a.jsonl': rows(0, 20),
    });
    assert.deepEqual(placesOf({ problems: (await lint(dir)).flatMap(({ problems }) => problems) }), []);
  });

  it('takes rows that were not all compared for no leak', async () => {
    const word = (index: number) =>
      Array.from({ length: 6 }, (_, at) => String.fromCharCode(97 + ((Math.floor(index / 7 ** at) * 11 + at * index) % 26))).join(
        '',
      );
    const text = (index: number) =>
      `Please tell ${word(index)} the way from the old station to the new and back in the evening ${word(index + 3000)}`;
    const alike = (from: number, to: number) =>
      Array.from({ length: to - from }, (_, index) => row(text(from + index), index % 2 ? 'a' : 'b')).join('');
    const files = { 'a.jsonl': alike(0, 900), 'b.jsonl': alike(900, 1000) };
    const rules = { 'too-few-rows': 'off', 'near-duplicate': 'off' };
    const data = { train: 'a.jsonl', test: 'b.jsonl' };
    const dir = writeProject({ ...files, 'temper.json': { lint: { rules }, data } });
    const [, test] = await lint(dir);
    assert.deepEqual(
      test?.problems.map(({ code, severity }) => `${code} ${severity}`),
      ['partly-compared information'],
    );
    assert.deepEqual((await load(dir)).notices, []);
    const off = writeProject({ ...files, 'temper.json': { lint: { rules: { ...rules, 'near-leak': 'off' } }, data } });
    assert.deepEqual((await lint(off))[1]?.problems, []);
  });

  it('does not count what is suppressed among what is too much to be listed', async () => {
    const suppress = [{ code: 'duplicate-row', file: 'a.jsonl', reason: 'they are counted' }];
    const rules = { ...quiet, 'conflicting-labels': 'error' };
    const text = Array.from({ length: 10 }, (_, index) => row('a b', index % 2 ? 'a' : 'b')).join('');
    const dir = writeProject({ 'temper.json': { lint: { rules, suppress }, data: { train: 'a.jsonl' } }, 'a.jsonl': text });
    const counts = async (maxProblems: number) => (await lintPath(dir, { tools: {}, limits: { maxProblems } }))[0]?.summary;
    const [few, all] = [await counts(1), await counts(Infinity)];
    assert.deepEqual([few?.problems, few?.byCode, few?.suppressed], [all?.problems, all?.byCode, all?.suppressed]);
  });

  it('tells an editor the same format as the command line, in any encoding', async () => {
    const text = rows(0, 4);
    const dir = writeProject({
      'temper.json': { lint: { rules: quiet }, data: { train: 'a.json', encoding: 'utf-16le' } },
      'a.json': Buffer.from(text, 'utf16le'),
    });
    const file = join(dir, 'a.json');
    const [onDisk] = await lint(file);
    assert.equal(onDisk?.format?.format, 'jsonl');
    const session = new LintSession(dir, options);
    session.open(file, text);
    assert.deepEqual((await runToEnd(session)).get(file)?.format, onDisk.format);
  });
});
