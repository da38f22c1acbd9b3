/** `temper lint` as people and their scripts call it. What each rule finds is tested with the rules. */
import assert from 'node:assert/strict';
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { problemCodes } from '../../protocol';
import { temporaryFolder } from '../trainer/tiny-training';
import { collect, kindsOf, startTemper, temper } from './tiny-project';

const row = (text: string, label: string) => `${JSON.stringify({ text, label })}\n`;
const good = row('the app works', 'good') + row('the parcel waits', 'bad');
const torn = `${good}{"text": "the phone hangs", "label": "bad",}\n\n{"text": "the door" "label": "bad"}\n`;

describe('temper lint', function () {
  this.timeout(60_000);
  const folder = temporaryFolder('cli-lint');
  let dir: string;
  let file: string;
  let made = 0;
  const lint = (...args: string[]) => temper(['lint', ...args], dir);

  beforeEach(() => {
    dir = join(folder.path, `case-${++made}`);
    mkdirSync(dir, { recursive: true });
    file = join(dir, 'rows.jsonl');
    writeFileSync(file, torn);
  });
  after(() => folder.remove());

  describe('for people', () => {
    it('says on stderr how each file was read, what is wrong where, and how much can be mended', async () => {
      const { code, stdout, stderr } = await lint('rows.jsonl');
      assert.deepEqual([code, stdout], [1, '']);
      const [head = '', ...rest] = stderr.trimEnd().split('\n');
      assert.match(head, /^rows\.jsonl {2}2 rows, jsonl, classification \(.*\.jsonl.*"text" and "label".*\)$/);
      assert.match(rest[0] ?? '', /^ {2}3:\d+ +error +There is a comma before .* invalid-json$/);
      assert.match(rest[1] ?? '', /^ {2}4:1 +warning +.* blank-line$/);
      assert.match(rest[2] ?? '', /^ {2}5:\d+ +error .* invalid-json$/);
      assert.match(stderr, /^1 file, 2 rows: 2 errors, \d+ warnings?/m);
      assert.match(stderr, /^\d problems can be mended with --fix\.$/m);
    });

    it('names the twin of a row', async () => {
      writeFileSync(file, good + row('the app works', 'good'));
      const { stderr } = await lint(file);
      assert.match(stderr, /^ {2}3:\d+ +warning .* duplicate-row\n {4}line 1 of rows\.jsonl: /m);
    });

    it('lists no more problems of a file than asked for, and counts all', async () => {
      const { stderr, code } = await lint('--max-problems', '1');
      assert.equal(code, 1);
      assert.equal(stderr.match(/^ {2}\d+:\d+ /gm)?.length, 1);
      assert.match(stderr, /^ {2}\d more problems \(--max-problems lists more\)$/m);
      assert.match(stderr, /: 2 errors, /);
    });

    it('lists errors only when it is to be quiet, and no file without', async () => {
      writeFileSync(join(dir, 'right.jsonl'), good);
      const { stderr } = await lint('--quiet');
      assert.doesNotMatch(stderr, /blank-line|right\.jsonl/);
      assert.equal(stderr.match(/invalid-json/g)?.length, 2);
      assert.match(stderr, /^2 files/m);
    });

    it('writes the report into a file, without colours, and the counts to stderr all the same', async () => {
      const { stderr, stdout } = await lint('--output', 'report.txt');
      const report = readFileSync(join(dir, 'report.txt'), 'utf8');
      assert.match(report, /^rows\.jsonl .*\n {2}3:\d+ /);
      assert.ok(report.endsWith(stderr) && stdout === '', stderr);
      assert.doesNotMatch(stderr, /invalid-json/);
    });
  });

  describe('in JSON', () => {
    it('is the same with --json and with --format json', async () => {
      const [one, two, three] = [await lint('--json'), await lint('--format', 'json'), await lint('--format=json')];
      assert.deepEqual([two.code, two.stdout], [one.code, one.stdout]);
      assert.equal(three.stdout, one.stdout);
      assert.deepEqual(kindsOf(one), ['problem', 'result']);
      assert.equal(one.stderr, '');
    });

    it('tells errors in JSON too, whichever way it was asked for', async () => {
      for (const asked of [['--json'], ['--format', 'json'], ['--format=json']]) {
        const { code, last } = await lint('nowhere.jsonl', ...asked);
        assert.deepEqual([code, last.kind, last['code'], last['file']], [2, 'error', 'bad-usage', join(dir, 'nowhere.jsonl')]);
      }
    });

    it('says what can be mended, which row is the twin, and all counts', async () => {
      writeFileSync(file, `${good}\n${row('the app works', 'good')}`);
      const { lines, last, code } = await lint('--json');
      const [blank, duplicate] = ['blank-line', 'duplicate-row'].map((name) => lines.find((line) => line['code'] === name));
      assert.equal(blank?.['fixable'], true);
      assert.ok(blank && !('related' in blank));
      const [twin] = duplicate?.['related'] as Record<string, unknown>[];
      assert.deepEqual([twin?.['file'], twin?.['line'], typeof twin?.['message']], [file, 1, 'string']);
      assert.deepEqual(Object.keys(last), ['kind', 'files', 'rows', 'errors', 'warnings', 'informations', 'suppressed', 'fixed']);
      assert.deepEqual([code, last['files'], last['rows'], last['errors'], last['fixed']], [0, 1, 3, 0, 0]);
    });

    it('names a file once that was named twice', async () => {
      const { last, lines } = await lint(file, '.', file, '--json');
      assert.deepEqual([last['files'], lines.filter((line) => line['code'] === 'blank-line').length], [1, 1]);
    });

    it('goes into a file where one is named; the result is told all the same', async () => {
      const { lines } = await lint('--json', '--output', 'report.ndjson');
      assert.deepEqual(
        lines.map(({ kind }) => kind),
        ['result'],
      );
      const written = readFileSync(join(dir, 'report.ndjson'), 'utf8').trimEnd().split('\n');
      assert.deepEqual(JSON.parse(written.at(-1) ?? ''), lines[0]);
      assert.ok(written.length > 3);
    });
  });

  describe('in SARIF', () => {
    interface Log {
      readonly version: string;
      readonly runs: { tool: { driver: { rules: { id: string }[] } }; results: { ruleId: string; level: string }[] }[];
    }

    it('prints a log, and the counts for people', async () => {
      const { stdout, stderr, code } = await lint('--format', 'sarif');
      const log = JSON.parse(stdout) as Log; // asserted below
      assert.equal(log.version, '2.1.0');
      assert.deepEqual(
        log.runs[0]?.tool.driver.rules.map(({ id }) => id),
        problemCodes,
      );
      assert.deepEqual(log.runs[0]?.results.map(({ ruleId, level }) => [ruleId, level]).slice(0, 3), [
        ['invalid-json', 'error'],
        ['blank-line', 'warning'],
        ['invalid-json', 'error'],
      ]);
      assert.equal(code, 1);
      assert.match(stderr, /^1 file, 2 rows: 2 errors/m);
    });

    it('writes it into a file', async () => {
      const { stdout } = await lint('--format', 'sarif', '--output', 'log.sarif');
      const json = JSON.parse((await lint('--format', 'sarif')).stdout) as unknown;
      assert.deepEqual([stdout, JSON.parse(readFileSync(join(dir, 'log.sarif'), 'utf8'))], ['', json]);
    });
  });

  describe('--fix', () => {
    it('mends what is safe, leaves the rest as it is, and says both', async () => {
      writeFileSync(file, `\ufeff${torn.replace('bad"}\n', 'bad"}\r\n')}`);
      const { code, lines, last } = await lint('--fix', '--json');
      const expected = readFileSync(file, 'utf8');
      assert.ok(expected.startsWith(good) && !expected.includes('\r') && !expected.includes('\ufeff'), expected);
      const [first] = lines;
      assert.deepEqual([first?.kind, first?.['file'], first?.['leftAlone']], ['fixed', file, undefined]);
      const counts = first?.['fixed'] as Record<string, number>; // each is asserted
      for (const name of ['byte-order-mark', 'mixed-line-endings', 'blank-line', 'invalid-json']) assert.ok(counts[name], name);
      assert.equal(
        last['fixed'],
        Object.values(counts).reduce((sum, count) => sum + count),
      );
      const left = lines.filter(({ kind }) => kind === 'problem');
      assert.ok(!left.some((line) => 'fixable' in line), 'nothing fixable is left');
      assert.equal(code, Number(last['errors']) > 0 ? 1 : 0);
    });

    it('does nothing the second time', async () => {
      await lint('--fix');
      const before = readFileSync(file, 'utf8');
      const again = await lint('--fix', '--json');
      assert.deepEqual([again.last['fixed'], readFileSync(file, 'utf8')], [0, before]);
      assert.deepEqual(readdirSync(dir), ['rows.jsonl']);
    });

    it('removes rows and the like only with --unsafe-fixes', async () => {
      writeFileSync(file, good + row('', 'good'));
      await lint('--fix');
      assert.equal(readFileSync(file, 'utf8'), good + row('', 'good'));
      assert.match((await lint()).stderr, /1 problem can be mended with --fix --unsafe-fixes/);
      const { last, code } = await lint('--fix', '--unsafe-fixes', '--json');
      assert.deepEqual([code, last['fixed'], readFileSync(file, 'utf8')], [0, 1, good]);
    });

    it('leaves a file alone that it does not understand, and says so', async () => {
      const bytes = Buffer.concat([Buffer.from(`${good}\n`), Buffer.from('{"text": "caf\xe9", "label": "bad"}\n', 'latin1')]);
      writeFileSync(file, bytes);
      const { stderr, code } = await lint('--fix');
      assert.ok(readFileSync(file).equals(bytes));
      assert.match(stderr, /^left alone rows\.jsonl: Some of its bytes are not UTF-8\. Save the file as UTF-8 first\.$/m);
      assert.equal(code, 1);
    });

    it('never writes temper.json, nor takes its fix for one of the data', async () => {
      const config = '{"model": "m", "data": {"train": "rows.csv", "labelColumn": "labl"}}';
      const rows = 'text,label\na b,x\nc d,y\n';
      writeFileSync(join(dir, 'temper.json'), config);
      writeFileSync(join(dir, 'rows.csv'), rows);
      assert.match((await lint('--format', 'sarif')).stdout, /"artifactLocation":\{"uri":"temper\.json"/, 'there is such a fix');
      const { last } = await lint('--fix', '--unsafe-fixes', '--json');
      assert.equal(readFileSync(join(dir, 'temper.json'), 'utf8'), config);
      assert.deepEqual([readFileSync(join(dir, 'rows.csv'), 'utf8'), last['fixed'], last['errors']], [rows, 0, 1]);
    });

    it('says that a file is read-only', async () => {
      chmodSync(file, 0o444);
      const { code, last } = await lint('--fix', '--json');
      assert.deepEqual([code, last.kind, last['code'], last['file']], [1, 'error', 'access-denied', file]);
      assert.equal(readFileSync(file, 'utf8'), torn);
    });

    it('mends the other files all the same when one is read-only', async () => {
      chmodSync(file, 0o444);
      writeFileSync(join(dir, 'sorted-behind.jsonl'), `${good}\n`);
      const { last } = await lint('--fix', '--json');
      assert.deepEqual([last['code'], last['file']], ['access-denied', file]);
      assert.equal(readFileSync(join(dir, 'sorted-behind.jsonl'), 'utf8'), good);
    });
  });

  describe('with a baseline', () => {
    it('counts only what is new', async () => {
      const written = await lint('--write-baseline', 'known.json', '--json');
      assert.deepEqual([written.code, written.last['errors'], written.last['warnings']], [0, 0, 0]);
      const hidden = Number(written.last['hidden']);
      assert.ok(hidden >= 3);
      writeFileSync(file, `${row('an early row', 'good')}${torn}{"text":\n`); // lines move, one is new
      const { code, last, lines } = await lint('--baseline', 'known.json', '--json');
      assert.deepEqual([code, last['errors']], [1, 1]);
      assert.deepEqual(
        lines.filter(({ severity }) => severity === 'error').map(({ line }) => line),
        [7],
      );
      assert.equal(last['files'], 1, 'the baseline is no data');
    });

    it('says how much of it is mended', async () => {
      await lint('--write-baseline', 'known.json');
      writeFileSync(file, good);
      const { stderr } = await lint('--baseline', 'known.json');
      assert.match(stderr, /^\d problems of the baseline are mended: write it again\.$/m);
    });

    it('writes the same bytes for the same problems', async () => {
      await lint('--write-baseline', 'a.json', file);
      await lint('--write-baseline', 'b.json', file);
      assert.equal(readFileSync(join(dir, 'a.json'), 'utf8'), readFileSync(join(dir, 'b.json'), 'utf8'));
    });

    it('refuses one that is not there, and never writes over what is none', async () => {
      const missing = await lint('--baseline', 'none.json', '--json');
      assert.deepEqual([missing.code, missing.last['code']], [2, 'bad-usage']);
      const other = await lint('--write-baseline', 'rows.jsonl', '--json');
      assert.deepEqual([other.code, other.last['code'], readFileSync(file, 'utf8')], [2, 'bad-usage', torn]);
    });
  });

  const wrong: [string[], RegExp][] = [
    [['--format', 'xml'], /There is no format "xml"\. Known: text, json, sarif\./],
    [['--json', '--format', 'sarif'], /exclude each other/],
    [['--unsafe-fixes'], /--unsafe-fixes goes with --fix\./],
    [['--max-problems', '0'], /--max-problems is a whole number from 1, not "0"\./],
    [['--max-problem', '5'], /Did you mean "--max-problems"/],
  ];
  for (const [args, message] of wrong)
    it(`refuses ${args.join(' ')}`, async () => {
      const { code, stderr, stdout } = await lint(...args);
      assert.match(stderr + stdout, message);
      assert.equal(code, 2);
    });

  it('stops on Ctrl-C, with a result, and nothing is half written', async function () {
    if (process.platform === 'win32') this.skip(); // has no such signal
    const many = Array.from({ length: 300_000 }, (_, index) =>
      row(`row ${index} of ${(index * 7919) % 104_729}`, `l${index % 9}`),
    );
    writeFileSync(file, `${many.join('')}\n\n`);
    const size = readFileSync(file).length;
    const child = startTemper(['lint', file, '--fix'], dir);
    child.stderr?.once('data', () => child.kill('SIGINT')); // it says that it is at work after two seconds
    const { code, stderr } = await collect(child);
    assert.match(stderr, /^Stopped\. Files that were mended stay so\.$/m);
    assert.equal(code, 1);
    assert.deepEqual([readFileSync(file).length, readdirSync(dir)], [size, ['rows.jsonl']]);
    assert.ok(!existsSync(join(dir, '.temper')));
  });
});
