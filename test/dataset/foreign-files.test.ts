/** Files made by others to break readers, and real data sets with the defects that they are known for. */
import assert from 'node:assert/strict';
import { copyFileSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { decodeText } from '../../dataset/decode-text';
import { findJsonFault } from '../../dataset/json-fault';
import { roleAlone } from '../../dataset/lint/file-role';
import { LintSession } from '../../dataset/lint/lint-session';
import type { LintedFile } from '../../dataset/lint/linted-file';
import { rolesAlone, type ReadRoles } from '../../dataset/lint/project-roles';
import { lintConfigText } from '../../dataset/project';
import { createLintTools } from '../../inputs/lint-tools';
import { formatNames, type DataConfig, type ProblemCode, type TextRange } from '../../protocol';
import { cut, lint, options, runToEnd } from './lint/linting';
import { assertPlaces } from './lint/places';
import { describeData, sharedFile, sharedFiles } from './shared-data';
import { removeProjects, writeProject } from './temporary-project';

const textFormats = formatNames.filter((name) => name !== 'parquet' && name !== 'image-folder');

async function lintOne(roles: ReadRoles): Promise<LintedFile> {
  const [linted, ...others] = (await runToEnd(new LintSession(roles, options))).values();
  assert.ok(linted && others.every(({ problems }) => problems.length === 0));
  return linted;
}

/** A file that no project names, read by these settings. */
function lintAs(file: string, data: Partial<DataConfig>): Promise<LintedFile> {
  const role = roleAlone(file);
  const roles = [{ ...role, data: { ...role.data, ...data } }];
  const base = { configFile: undefined, configText: '', config: undefined, problems: [], named: [file] };
  return lintOne(() => Promise.resolve({ ...base, roles }));
}

async function lintProject(data: object, more: object = {}): Promise<Map<string, LintedFile>> {
  const dir = writeProject({ 'temper.json': { data, ...more } });
  return new Map((await lint(dir)).map((linted) => [linted.file, linted]));
}

const brokenImages = [
  'broken.png',
  'broken_data_stream.png',
  'truncated_image.png',
  'truncated_jpeg.jpg',
  'zero_width.gif',
  'badwidth.bmp',
];

const problemsOf = ({ problems }: LintedFile, code: ProblemCode) => problems.filter((problem) => problem.code === code);
const codesOf = ({ problems }: LintedFile) => [...new Set(problems.map(({ code }) => code))].sort();
const errorsOf = ({ problems }: LintedFile) => problems.filter(({ severity }) => severity === 'error');

describe('files made by others', function () {
  this.timeout(60_000);
  afterEach(removeProjects);

  for (const folder of ['bad-json-testsuite', 'bad-csv-frictionless', 'bad-utf8', 'rasbt-instructions', 'wnut17']) {
    describeData(folder, () => {
      it('never crash or stall the linter, whatever they are taken for, and its places are in them', async () => {
        const files = sharedFiles(folder);
        assert.ok(files.length > 0);
        for (const file of files) {
          lintConfigText(decodeText(readFileSync(file)).text);
          assertPlaces(await lintOne(rolesAlone([file])));
          for (const format of textFormats) assertPlaces(await lintAs(file, { format }));
        }
      });
    });
  }

  describeData('bad-json-testsuite', () => {
    it('are valid JSON to us exactly when their names say so (y_ and n_), and as JSON.parse says of the rest (i_)', () => {
      const files = sharedFiles('bad-json-testsuite/test_parsing').filter((file) => /^[yni]_/.test(basename(file)));
      assert.ok(files.length > 300);
      for (const file of files) {
        const { text, problems } = decodeText(readFileSync(file));
        const isRefused = problems.some(({ severity }) => severity === 'error') || findJsonFault(text) !== undefined;
        if (basename(file).startsWith('y_')) assert.equal(isRefused, false, file);
        if (basename(file).startsWith('n_') && !text.startsWith('\ufeff')) assert.equal(isRefused, true, file);
        assert.equal(findJsonFault(text) === undefined, isJson(text), file);
      }
    });

    it('have an error on disk where their names say so (n_), as a row of JSON Lines', async () => {
      const files = sharedFiles('bad-json-testsuite/test_parsing').filter((file) => basename(file).startsWith('n_'));
      const refused = await Promise.all(files.map(async (file) => errorsOf(await lintAs(file, { format: 'jsonl' })).length > 0));
      assert.deepEqual(
        files.filter((_, index) => !refused[index]),
        [],
      );
    });
  });

  describeData('bad-utf8', () => {
    it('decode to the text of the WHATWG decoder, with an error where it put U+FFFD', async () => {
      const file = sharedFile('bad-utf8/utf8tests.bin');
      const text = new TextDecoder('utf-8', { ignoreBOM: true }).decode(readFileSync(file));
      const linted = await lintAs(file, { format: 'text' });
      const problems = problemsOf(linted, 'invalid-encoding');
      assert.ok(problems.length > 0);
      for (const problem of problems) if (problem.line > 1) assert.match(cut(text, problem), /^\ufffd/);
    });
  });

  describeData('pillow-broken-images', () => {
    const images = () => sharedFiles('pillow-broken-images').filter((file) => !/LICENSE$|\.txt$/.test(file));

    it('never crash or stall the linter as a folder of images', async () => {
      const session = new LintSession(rolesAlone([sharedFile('pillow-broken-images')]), { ...options, tools: createLintTools() });
      for (const linted of (await runToEnd(session)).values()) assertPlaces(linted);
    });

    for (const [how, tools] of [
      ['decoded', createLintTools()],
      ['looked at', {}],
    ] as const) {
      it(`are found broken or turned where their names say so, at the row that names them, ${how}`, async () => {
        const rows = images().map((_, index) => JSON.stringify({ file_name: `${index}.png`, text: `picture ${index}` }));
        const dir = writeProject({ 'metadata.jsonl': `${rows.join('\n')}\n` });
        for (const [index, file] of images().entries()) copyFileSync(file, join(dir, `${index}.png`));
        const [linted] = (await runToEnd(new LintSession(rolesAlone([dir]), { ...options, tools }))).values();
        assert.ok(linted);
        assertPlaces(linted);
        assert.deepEqual([linted.shape?.name, linted.summary.rows], ['image-caption', images().length]);
        const namesWith = (code: ProblemCode) => problemsOf(linted, code).map(({ line }) => basename(images()[line - 1] ?? ''));
        const turned = images()
          .map((file) => basename(file))
          .filter((name) => /^\w+_orientation_[2-8]\.|^orientation_rect/.test(name));
        assert.deepEqual([namesWith('rotated-image'), turned.length], [turned, 22]);
        const broken = new Set(namesWith('unreadable-image'));
        for (const name of brokenImages) assert.ok(broken.has(name), name);
        for (const name of turned) assert.ok(!broken.has(name), name);
      });
    }
  });

  describeData('sms-spam-latin1', () => {
    const file = sharedFile('sms-spam-latin1/spam.csv');

    it('is said to be windows-1252 where it is read as UTF-8, and its unnamed columns are found', async () => {
      const linted = await lintOne(rolesAlone([file]));
      assertPlaces(linted);
      assert.match(problemsOf(linted, 'invalid-encoding')[0]?.message ?? '', /windows-1252/);
      assert.equal(problemsOf(linted, 'unnamed-column').length, 3);
    });

    it('has 5,575 rows, as many as the csv module of Python finds, and 403 that stand there exactly already', async () => {
      const data = { train: file, encoding: 'windows-1252', textColumn: 'v2', labelColumn: 'v1' };
      const linted = (await lintProject(data)).get(file) ?? assert.fail();
      assertPlaces(linted);
      assert.deepEqual([linted.summary.rows, errorsOf(linted)], [5575, []]);
      assert.deepEqual(linted.summary.labels.map(({ label }) => label).sort(), ['ham', 'spam']);
      const duplicates = problemsOf(linted, 'duplicate-row');
      const text = new TextDecoder('windows-1252').decode(readFileSync(file));
      const exact = duplicates.filter(({ message }) => message.includes('stands in the file already.'));
      assert.equal(exact.length, 403);
      for (const { related: [twin = assert.fail()] = [], ...problem } of exact.slice(0, 50)) assertSame(text, problem, twin);
    });
  });

  describeData('banking77', () => {
    const [train, test] = [sharedFile('banking77/train.csv'), sharedFile('banking77/test.csv')];
    const read = (file: string) => readFileSync(file, 'utf8');
    const levelled = (cell: string) => unquote(cell).trim().toLowerCase();

    it('has 6 test texts that stand in train, each with its twin, and one more but for a space within', async () => {
      const files = await lintProject({ train, test, labelColumn: 'category' });
      const linted = files.get(test) ?? assert.fail();
      assertPlaces(linted);
      const same = problemsOf(linted, 'leak').filter((problem) => {
        const [twin = assert.fail()] = problem.related ?? [];
        assert.equal(twin.file, train);
        const [text, twinText] = [levelled(cut(read(test), problem)), levelled(cut(read(train), twin))];
        assert.equal(text.replace(/\s+/g, ' '), twinText.replace(/\s+/g, ' '));
        return text === twinText;
      });
      assert.deepEqual([same.length, problemsOf(linted, 'leak').length], [6, 7]);
    });

    it('has 10,003 training rows with 77 labels and no error, and 4 texts that stand there already, with the same label', async () => {
      const files = await lintProject({ train, test, labelColumn: 'category' });
      const linted = files.get(train) ?? assert.fail();
      assertPlaces(linted);
      assert.deepEqual([linted.summary.rows, linted.summary.labels.length, errorsOf(linted)], [10_003, 77, []]);
      const duplicates = problemsOf(linted, 'duplicate-row');
      assert.deepEqual([duplicates.length, problemsOf(linted, 'conflicting-labels').length], [4, 0]);
      for (const { related: [twin = assert.fail()] = [], ...problem } of duplicates)
        assert.equal(levelled(cut(read(train), problem)), levelled(cut(read(train), twin)));
    });
  });

  describeData('rasbt-instructions', () => {
    it('has 6 pairs of equal answers', async () => {
      const file = sharedFile('rasbt-instructions/instruction-data-with-preference.json');
      const linted = await lintOne(rolesAlone([file]));
      const rows = JSON.parse(readFileSync(file, 'utf8')) as { chosen: string; rejected: string }[]; // as its page says
      const equal = rows.filter(({ chosen, rejected }) => chosen === rejected);
      const found = problemsOf(linted, 'no-preference').map((problem) => cut(readFileSync(file, 'utf8'), problem));
      assert.deepEqual([linted.shape?.name, linted.summary.rows], ['preference', rows.length]);
      assert.deepEqual(
        found.map((source) => JSON.parse(source) as unknown),
        equal.map(({ rejected }) => rejected),
      );
      assert.equal(found.length, 6);
    });
  });

  describeData('wnut17', () => {
    for (const name of ['wnut17train.conll', 'emerging.dev.conll', 'emerging.test.annotated']) {
      it(`has the sentences of ${name}, as IOB2, and no error`, async () => {
        const file = sharedFile('wnut17', name);
        const linted = await lintOne(rolesAlone([file]));
        assert.deepEqual([linted.format?.format, linted.shape?.name], ['conll', 'token-tags']);
        assert.match(linted.shape?.reasons.join('\n') ?? '', /the tags are IOB2/);
        assert.equal(linted.summary.rows, countSentences(readFileSync(file, 'utf8')));
        assert.deepEqual(errorsOf(linted), []);
        assert.ok(!codesOf(linted).includes('blank-line'));
      });
    }
  });
});

function assertSame(text: string, a: TextRange, b: TextRange): void {
  assert.equal(unquote(cut(text, a)), unquote(cut(text, b)));
}

function countSentences(text: string): number {
  return text.split(/\n[ \t]*(?=\n)/).filter((part) => part.trim() !== '').length;
}

function unquote(cell: string): string {
  return cell.startsWith('"') ? cell.slice(1, -1).replaceAll('""', '"') : cell;
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
