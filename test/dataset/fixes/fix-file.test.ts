import assert from 'node:assert/strict';
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { fixFile, type FixedFile, type FixOptions } from '../../../dataset/fixes/fix-file';
import { createRandom, type Random } from '../../../dataset/seeded-random';
import { RunFailure, type Fix, type Problem } from '../../../protocol';
import { linted, problemAt } from '../lint/linted';
import { removeProjects, writeProject } from '../temporary-project';
import { toyLint, type ToyRead } from './toy-linter';

const write = (content: string | Uint8Array, name = 'rows.jsonl') => join(writeProject({ [name]: content }), name);
const fix = (file: string, read: ToyRead = {}, more: Partial<FixOptions> = {}) =>
  fixFile(file, { lint: toyLint(read), isUnsafeToo: false, ...more });
const counts = ({ fixed }: FixedFile) => Object.fromEntries(fixed);
const remove: Fix = { title: 'Remove', isSafe: true, edits: [{ line: 1, column: 1, endLine: 1, endColumn: 2, text: '' }] };
const always = (problem: Problem) => (file: string) => Promise.resolve(linted(file, [problem]));

describe('mending a file', () => {
  afterEach(removeProjects);

  it('applies the safe fixes, leaves the others, and says how many of what', async () => {
    const file = write('a\n\nBAD\n\n\nb');
    const result = await fix(file);
    assert.equal(readFileSync(file, 'utf8'), 'a\nBAD\nb');
    assert.deepEqual([counts(result), result.rounds, result.leftAlone], [{ 'blank-line': 3 }, 1, undefined]);
    assert.deepEqual(
      result.linted.problems.map(({ code }) => code),
      ['unknown-label'],
      'what is left after mending',
    );
  });

  it('applies unsafe fixes when asked to', async () => {
    const file = write('a\n\nBAD and BAD\n');
    const result = await fix(file, {}, { isUnsafeToo: true });
    assert.equal(readFileSync(file, 'utf8'), 'a\ngood and good\n');
    assert.deepEqual([counts(result), result.rounds], [{ 'blank-line': 1, 'unknown-label': 2 }, 2]);
  });

  it('of several fixes takes the first, or the first that is safe', async () => {
    const insert = (text: string, isSafe: boolean): Fix => ({
      title: text,
      isSafe,
      edits: [{ line: 1, column: 1, endLine: 1, endColumn: 1, text }],
    });
    const problem = problemAt(1, 'empty-field', { fixes: [insert('first', false), insert('second', true)] });
    for (const [isUnsafeToo, expected] of [
      [true, 'firstx'],
      [false, 'secondx'],
    ] as const) {
      const file = write('x');
      const lint = (path: string) => Promise.resolve(linted(path, readFileSync(path, 'utf8') === 'x' ? [problem] : []));
      await fixFile(file, { lint, isUnsafeToo });
      assert.equal(readFileSync(file, 'utf8'), expected);
    }
  });

  it('writes nothing when there is nothing to mend', async () => {
    const file = write('a\nBAD\n');
    const before = statSync(file, { bigint: true });
    const result = await fix(file);
    const after = statSync(file, { bigint: true });
    assert.deepEqual([counts(result), result.rounds, result.leftAlone], [{}, 0, undefined]);
    assert.deepEqual([after.ino, after.mtimeNs], [before.ino, before.mtimeNs]);
  });

  it('drops a byte-order mark, and changes no other byte', async () => {
    const file = write('\ufeffä\n\n😀\n');
    assert.deepEqual(counts(await fix(file)), { 'byte-order-mark': 1, 'blank-line': 1 });
    assert.deepEqual(readFileSync(file), Buffer.from('ä\n😀\n'));
  });

  const endings: { name: string; read?: ToyRead; text: string; mended: string }[] = [
    { name: 'to the kind of most lines', text: 'a\r\nb\nc\r\nd\r', mended: 'a\r\nb\r\nc\r\nd\r\n' },
    { name: 'to line feeds when there are as many of each', text: 'a\r\nb\n', mended: 'a\nb\n' },
    {
      name: 'of cells without quotes',
      read: { format: 'csv' },
      text: 'text,label\r\na,b\nc,d\n',
      mended: 'text,label\na,b\nc,d\n',
    },
    {
      name: 'but not in a quoted cell',
      read: { format: 'csv' },
      text: 'text,label\n"a\r\nb",x\r\n"c ""d""",y\n"e\nf",z\n',
      mended: 'text,label\n"a\r\nb",x\n"c ""d""",y\n"e\nf",z\n',
    },
    {
      name: 'nor behind a separator of another kind',
      read: { format: 'csv' },
      text: 'text^label\nx^"a\r\nb"\r\ny^c\nz^c\n',
      mended: 'text^label\nx^"a\r\nb"\ny^c\nz^c\n',
    },
    {
      name: 'also in prose, whose quotes stand behind many characters',
      read: { format: 'csv' },
      text: 'text,label\r\n"Is it? ""Yes!""",a\n"(no.)",b\n"‘so’",c\n',
      mended: 'text,label\n"Is it? ""Yes!""",a\n"(no.)",b\n"‘so’",c\n',
    },
  ];
  for (const { name, read, text, mended } of endings)
    it(`makes line ends one kind, ${name}`, async () => {
      const file = write(text);
      const result = await fix(file, read);
      assert.equal(readFileSync(file, 'utf8'), mended);
      assert.deepEqual(counts(result), { 'mixed-line-endings': 1 });
    });

  it('leaves line ends alone that are mixed only inside of cells', async () => {
    const text = 'text,label\n"a\r\nb",x\n';
    const file = write(text);
    const result = await fix(file, { format: 'csv' });
    assert.equal(readFileSync(file, 'utf8'), text);
    assert.match(result.leftAlone ?? '', /^Its line ends differ only inside of quoted cells/);
  });

  it('leaves line ends alone while it is not known where cells end', async () => {
    const file = write('a,b\r\n"c,d\n');
    const problems = [problemAt(1, 'mixed-line-endings'), problemAt(2, 'unclosed-quote')];
    const lint = (path: string) => Promise.resolve(linted(path, problems));
    const result = await fixFile(file, { lint, isUnsafeToo: false });
    assert.deepEqual([readFileSync(file, 'utf8'), result.rounds], ['a,b\r\n"c,d\n', 0]);
    assert.match(result.leftAlone ?? '', /every quote is closed/);
  });

  it('writes windows-1252 back as windows-1252', async () => {
    const bytes = Buffer.from('caf\xe9 \x80\x81\n\n\xfc BAD\n', 'latin1');
    const file = write(bytes);
    await fix(file, { encoding: 'windows-1252' }, { isUnsafeToo: true });
    assert.deepEqual(readFileSync(file), Buffer.from('caf\xe9 \x80\x81\n\xfc good\n', 'latin1'));
  });

  it('leaves a fix alone whose characters the encoding does not have', async () => {
    const edits = [{ line: 1, column: 1, endLine: 1, endColumn: 2, text: '狗' }];
    const problem = problemAt(1, 'label-typo', { fixes: [{ title: 'Replace', isSafe: true, edits }] });
    const file = write('dog\n');
    const format = { format: 'jsonl', encoding: 'windows-1252', reasons: [] } as const;
    const result = await fixFile(file, {
      lint: (path) => Promise.resolve(linted(path, [problem], { format })),
      isUnsafeToo: false,
    });
    assert.deepEqual([readFileSync(file, 'utf8'), result.rounds, result.leftAlone], ['dog\n', 0, 'What is left needs a person.']);
  });

  const notUnderstood: { name: string; bytes: Uint8Array; read?: ToyRead; why: RegExp }[] = [
    {
      name: 'a byte is not UTF-8',
      bytes: Uint8Array.of(0x61, 0xe9, 0x0a, 0x0a, 0x62),
      why: /^Some of its bytes are not UTF-8\./,
    },
    { name: 'it is UTF-16', bytes: Buffer.from('\ufeffa\n\nb', 'utf16le'), read: { encoding: 'utf-16le' }, why: /not utf-16le/ },
    {
      name: 'it is Shift JIS',
      bytes: Buffer.from('a\n\nb'),
      read: { encoding: 'shift_jis' },
      why: /^Its bytes are not shift_jis/,
    },
    {
      name: 'it is Parquet',
      bytes: Buffer.from('a\n\nb'),
      read: { format: 'parquet' },
      why: /^Only files of text can be mended\./,
    },
  ];
  for (const { name, bytes, read, why } of notUnderstood)
    it(`leaves the file alone when ${name}, and says so`, async () => {
      const file = write(bytes);
      const result = await fix(file, read);
      assert.deepEqual([...readFileSync(file)], [...bytes]);
      assert.match(result.leftAlone ?? '', why);
      assert.deepEqual([result.rounds, result.fixed.size], [0, 0]);
    });

  it('leaves fixes to a person that change another file, or a problem that is in another one', async () => {
    const file = write('ab');
    const other = join(dirname(file), 'temper.json');
    const elsewhere = problemAt(1, 'missing-column', { fixes: [{ ...remove, file: other }] });
    const inImage = problemAt(1, 'rotated-image', { file: join(dirname(file), 'a.png'), fixes: [remove] });
    for (const problem of [elsewhere, inImage]) {
      const result = await fixFile(file, { lint: always(problem), isUnsafeToo: true });
      assert.deepEqual([result.rounds, result.leftAlone, existsSync(other)], [0, undefined, false]);
    }
    assert.equal(readFileSync(file, 'utf8'), 'ab');
  });

  it('ends after ten rounds when problems come back', async () => {
    const file = write('x'.repeat(50));
    const result = await fixFile(file, { lint: always(problemAt(1, 'boilerplate', { fixes: [remove] })), isUnsafeToo: false });
    assert.deepEqual([result.rounds, readFileSync(file, 'utf8').length], [10, 40]);
    assert.equal(result.leftAlone, '1 problem is left after 10 rounds.');
  });

  it('ends at once when a fix changes nothing', async () => {
    const file = write('x');
    const edits = [{ line: 1, column: 1, endLine: 1, endColumn: 2, text: 'x' }];
    const problem = problemAt(1, 'boilerplate', { fixes: [{ title: 'Nothing', isSafe: true, edits }] });
    const result = await fixFile(file, { lint: always(problem), isUnsafeToo: false });
    assert.deepEqual([result.rounds, result.leftAlone], [0, 'What is left needs a person.']);
  });

  it('does not write over what somebody else wrote in the meantime', async () => {
    const file = write('a\n\nb\n');
    const theirs = 'c\n\nd\n'; // as long
    const lint = async (path: string) => {
      const result = await toyLint()(path);
      writeFileSync(path, theirs);
      return result;
    };
    const result = await fixFile(file, { lint, isUnsafeToo: false });
    assert.equal(readFileSync(file, 'utf8'), theirs);
    assert.match(result.leftAlone ?? '', /^Something else changed the file/);
    assert.deepEqual(readdirSync(dirname(file)), ['rows.jsonl'], 'no temporary file is left');
  });

  it('takes no fix that was made for another text', async () => {
    const file = write('a\n\nb\n');
    const lint = async (path: string) => {
      const result = await toyLint()(path);
      writeFileSync(path, 'c\n\n\n\n\nd\n');
      return { ...result, problems: (await toyLint()(path)).problems };
    };
    const result = await fixFile(file, { lint, isUnsafeToo: false });
    assert.match(result.leftAlone ?? '', /^Something else changed the file/);
    assert.equal(readFileSync(file, 'utf8'), 'c\n\n\n\n\nd\n');
  });

  it('keeps mode and symbolic links, and leaves nothing beside the file', async function () {
    if (process.platform === 'win32') this.skip(); // neither is there
    const file = write('a\n\nb\n');
    chmodSync(file, 0o640);
    mkdirSync(join(dirname(file), 'links'));
    const link = join(dirname(file), 'links', 'rows.jsonl');
    symlinkSync('../rows.jsonl', link);
    await fix(link);
    assert.ok(lstatSync(link).isSymbolicLink());
    assert.equal(readFileSync(file, 'utf8'), 'a\nb\n');
    assert.equal(statSync(file).mode & 0o7777, 0o640);
    assert.deepEqual(readdirSync(dirname(file)).sort(), ['links', 'rows.jsonl']);
    assert.deepEqual(readdirSync(dirname(link)), ['rows.jsonl']);
  });

  it('refuses a read-only file in words', async () => {
    const file = write('a\n\nb\n');
    chmodSync(file, 0o444);
    await assert.rejects(fix(file), (thrown: unknown) => {
      assert.ok(thrown instanceof RunFailure);
      assert.equal(thrown.error.code, 'access-denied');
      assert.match(thrown.error.message, /rows\.jsonl cannot be mended: the file or its folder is read-only\.$/);
      return true;
    });
    assert.equal(readFileSync(file, 'utf8'), 'a\n\nb\n');
    assert.deepEqual(readdirSync(dirname(file)), ['rows.jsonl']);
  });

  it('stops between rounds when it is told to', async () => {
    const file = write('a\n\nb\n');
    await assert.rejects(fix(file, {}, { signal: AbortSignal.abort() }), { name: 'AbortError' });
    assert.equal(readFileSync(file, 'utf8'), 'a\n\nb\n');
  });
});

describe('mending files of random bytes', () => {
  afterEach(removeProjects);

  /** Bytes of all kinds, many of them UTF-8, with empty lines, marks and line ends of every kind between. */
  function randomBytes(random: Random): Buffer {
    const pieces = ['BAD', 'x', 'ä', '😀', '\0', '\u2028', '\n', '\n\n', '\r\n', '\r', '"', ',', '\ufeff', '\ufffd'];
    const isDirty = random.integer(3) === 0;
    const parts = Array.from({ length: random.integer(60) }, () =>
      isDirty && random.integer(8) === 0
        ? Buffer.of(random.integer(256))
        : Buffer.from(pieces[random.integer(pieces.length)] ?? ''),
    );
    return Buffer.concat(parts);
  }

  /** The lines as bytes, without their ends and empty ones: what no fix is about. Marks at the head go, one after the other. */
  function contents(bytes: Buffer): string[] {
    return bytes
      .toString('latin1')
      .replace(/^(?:\xef\xbb\xbf|\r|\n)*/, '')
      .split(/\r\n|\n|\r/)
      .filter((line) => line !== '');
  }

  it('keeps the bytes of every line that no fix is about, and does nothing the second time', async function () {
    this.timeout(60_000);
    const random = createRandom(13);
    const [file, seen] = [write(''), { mended: 0, leftAlone: 0 }];
    for (let round = 0; round < 400; round++) {
      const before = randomBytes(random);
      writeFileSync(file, before);
      const result = await fix(file);
      const after = readFileSync(file);
      const told = JSON.stringify({ round, before: before.toString('latin1'), after: after.toString('latin1') });
      assert.deepEqual(contents(after), contents(before), told);
      if (result.leftAlone !== undefined) assert.ok(result.rounds > 0 || after.equals(before), told);
      if (result.rounds > 0) seen.mended++;
      if (result.leftAlone !== undefined) seen.leftAlone++;
      const again = await fix(file);
      assert.ok(again.rounds === 0 && readFileSync(file).equals(after), told);
    }
    assert.ok(seen.mended > 50 && seen.leftAlone > 50, JSON.stringify(seen));
  });
});
