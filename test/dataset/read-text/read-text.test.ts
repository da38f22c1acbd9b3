import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { readTextFile, readTextOfBytes, readTextOfString } from '../../../dataset/read-text/read-text';
import { createTextReader, type TextSummary } from '../../../dataset/read-text/text-reader';
import { createRandom } from '../../../dataset/seeded-random';
import type { EncodingName } from '../../../protocol';
import { rangeOf } from '../marked-text';
import { removeProjects, writeProject } from '../temporary-project';

type Part = string | number[];
const encoder = new TextEncoder();
const sharedData = resolve(process.cwd(), '../shared/data');

function bytesOf(...parts: Part[]): Uint8Array {
  return Uint8Array.from(parts.flatMap((part) => (typeof part === 'string' ? [...encoder.encode(part)] : part)));
}

function read(encoding: EncodingName, ...parts: Part[]): { text: string; summary: TextSummary } {
  return readTextOfBytes(bytesOf(...parts), encoding);
}

const codesOf = ({ problems }: TextSummary) => problems.map(({ code, severity }) => `${code} ${severity}`);

function readInChunks(bytes: Uint8Array, encoding: EncodingName, lengthOf: () => number): { text: string; summary: TextSummary } {
  const reader = createTextReader(encoding);
  let text = '';
  for (let start = 0; start < bytes.length;) {
    const chunk = bytes.slice(start, start + lengthOf());
    start += chunk.length;
    text += reader.push(chunk);
    chunk.fill(0x2e); // the reader must not look at it again
  }
  text += reader.end();
  return { text, summary: reader.summarize() };
}

describe('reading text', function () {
  this.timeout(30_000);
  after(removeProjects);

  describe('of UTF-8', () => {
    it('gives back what is valid without a problem, with its hash and size', () => {
      const text = 'a\u0080\u07ff\u0800\ud7ff\ue000\uffff😀\u{10ffff}\n\ufffd';
      const bytes = encoder.encode(text);
      const { text: found, summary } = readTextOfBytes(bytes, 'utf-8');
      assert.equal(found, text);
      assert.deepEqual(summary, {
        bytes: bytes.length,
        sha256: createHash('sha256').update(text).digest('hex'),
        encoding: 'utf-8',
        hadByteOrderMark: false,
        lineEnds: { lf: 1, crlf: 0, cr: 0 },
        problems: [],
      });
    });

    it('takes a byte-order mark off and warns of it, whatever the encoding is called', () => {
      const { text, summary } = read('utf-8', [0xef, 0xbb, 0xbf], 'a,b');
      assert.equal(text, 'a,b');
      assert.equal(summary.hadByteOrderMark, true);
      assert.deepEqual(codesOf(summary), ['byte-order-mark warning']);
      assert.deepEqual(summary.problems.map(rangeOf), [{ line: 1, column: 1, endLine: 1, endColumn: 2 }]);
    });

    it('leaves a second byte-order mark, and one inside the text, where they are', () => {
      assert.equal(read('utf-8', 'a\ufeffb').text, 'a\ufeffb');
      assert.equal(read('utf-8', '\ufeff\ufeffb').text, '\ufeffb');
      assert.deepEqual(read('utf-8', 'a\ufeffb').summary.problems, []);
    });

    it('finds latin-1 bytes at their UTF-16 columns and names the character they were', () => {
      const { text, summary } = read('utf-8', 'ok\n😀 caf', [0xe9], ' au lait ', [0xe9], '\nx\n', [0xa3], '5');
      assert.equal(text, 'ok\n😀 caf\ufffd au lait \ufffd\nx\n\ufffd5');
      assert.deepEqual(summary.problems.map(rangeOf), [
        { line: 2, column: 7, endLine: 2, endColumn: 8 },
        { line: 4, column: 1, endLine: 4, endColumn: 2 },
      ]);
      assert.match(summary.problems[0]?.message ?? '', /byte E9 .*windows-1252.*"é".*UTF-8, or set "data.encoding"/);
      assert.match(summary.problems[1]?.message ?? '', /byte A3 .*"£"/);
      assert.deepEqual(new Set(codesOf(summary)), new Set(['invalid-encoding error']));
    });

    it('guesses latin-1 for neighbouring bytes only where hardly anything else is UTF-8', () => {
      const message = (...parts: Part[]) => read('utf-8', ...parts).summary.problems[0]?.message ?? '';
      assert.match(message('cost ', [0xe5, 0xa3], '5'), /windows-1252.*"å"/);
      assert.match(message('cost ', [0xe5, 0xa3], '5 für 漢字'), /^The byte E5 is not UTF-8\. Save the file again as UTF-8\.$/);
      assert.match(message('für 漢字 ', [0xa3], '5'), /^The byte A3 is not UTF-8; in windows-1252.*"£"\. Save .* UTF-8\.$/);
    });

    it('reports twenty bad lines and says how many more there are', () => {
      const { problems } = read('utf-8', ...Array.from({ length: 50 }, () => [0xff, 0x0a])).summary;
      assert.deepEqual([problems.length, problems[19]?.line, problems[20]?.line], [21, 20, 21]);
      assert.equal(problems[20]?.message, '30 more lines have bytes that are not UTF-8.');
      const { problems: one } = read('utf-8', ...Array.from({ length: 21 }, () => [0xff, 0x0a])).summary;
      assert.equal(one[20]?.message, 'One more line has bytes that are not UTF-8.');
      assert.equal(read('utf-8', ...Array.from({ length: 20 }, () => [0xff, 0x0a])).summary.problems.length, 20);
    });

    /** Sequence, and what it is. */
    const illFormed: [string, number[]][] = [
      ['a lone continuation byte', [0x80]],
      ['an overlong slash of two bytes', [0xc0, 0xaf]],
      ['an overlong slash of three bytes', [0xe0, 0x80, 0xaf]],
      ['an overlong form of four bytes', [0xf0, 0x8f, 0xbf, 0xbf]],
      ['a surrogate', [0xed, 0xa0, 0x80]],
      ['a code point beyond Unicode', [0xf4, 0x90, 0x80, 0x80]],
      ['a byte that never occurs', [0xf5, 0x80, 0x80, 0x80]],
      ['a sequence cut off by a letter', [0xe2, 0x82, 0x61]],
      ['a sequence cut off by a line end', [0xe2, 0x82, 0x0a]],
      ['a sequence cut off by the end', [0xf0, 0x9f, 0x98]],
    ];
    for (const [title, bytes] of illFormed) {
      it(`refuses ${title}`, () => {
        const { problems } = read('utf-8', 'xy', bytes).summary;
        assert.deepEqual(problems.map(rangeOf), [{ line: 1, column: 3, endLine: 1, endColumn: 4 }]);
      });
    }
  });

  describe('of other encodings', () => {
    /** Encoding, bytes, text. */
    const known: [EncodingName, number[], string][] = [
      ['windows-1252', [0x63, 0x61, 0x66, 0xe9, 0x20, 0x80], 'café €'],
      ['iso-8859-15', [0xa4, 0xe9], '€é'],
      ['windows-1251', [0xcf, 0xf0], 'Пр'],
      ['shift_jis', [0x93, 0xfa, 0x96, 0x7b], '日本'],
      ['gb18030', [0xd6, 0xd0, 0x81, 0x30, 0x81, 0x30], '中\u0080'],
      ['euc-kr', [0xc7, 0xd1], '한'],
      ['utf-16le', [0x61, 0, 0x3d, 0xd8, 0, 0xde, 0xfd, 0xff], 'a😀\ufffd'],
      ['utf-16be', [0, 0x61, 0xd8, 0x3d, 0xde, 0], 'a😀'],
    ];
    for (const [encoding, bytes, text] of known) {
      it(`reads ${encoding}`, () => {
        const found = read(encoding, bytes);
        assert.equal(found.text, text);
        assert.deepEqual([found.summary.problems, found.summary.encoding], [[], encoding]);
      });
    }

    /** Encoding, bytes with a fault, column of the fault. */
    const broken: [EncodingName, number[], number][] = [
      ['shift_jis', [0x61, 0x93, 0xfa, 0x81, 0x20], 3],
      ['euc-jp', [0x61, 0xff], 2],
      ['big5', [0x61, 0x81], 2],
      ['utf-16le', [0x61, 0, 0x3d, 0xd8, 0x61, 0], 2],
      ['utf-16le', [0x61, 0, 0x62], 2],
      ['utf-16be', [0xde, 0, 0xff, 0xfd], 1],
    ];
    for (const [encoding, bytes, column] of broken) {
      it(`finds bytes that are no ${encoding}: ${Buffer.from(bytes).toString('hex')}`, () => {
        const { problems } = read(encoding, bytes).summary;
        assert.deepEqual(problems.map(rangeOf), [{ line: 1, column, endLine: 1, endColumn: column + 1 }]);
        assert.match(problems[0]?.message ?? '', /no character in .*"data\.encoding"/);
      });
    }

    it('says once that a file is UTF-16, and reads it all the same', () => {
      const { text, summary } = read('utf-8', [0xff, 0xfe, 0x61, 0, 0x0a, 0, 0x62, 0]);
      assert.deepEqual([text, summary.encoding, codesOf(summary)], ['a\nb', 'utf-16le', ['invalid-encoding error']]);
      assert.equal(summary.problems[0]?.message, 'The file is UTF-16LE, not UTF-8. Save it again as UTF-8.');
    });

    it('believes a mark of UTF-8 rather than the config, and says so', () => {
      const { text, summary } = read('windows-1252', [0xef, 0xbb, 0xbf], 'é');
      assert.deepEqual([text, codesOf(summary)], ['é', ['invalid-encoding error']]);
      assert.match(summary.problems[0]?.message ?? '', /is UTF-8, not windows-1252\. Correct "data\.encoding"/);
    });

    it('takes the mark of a UTF-16 file that is meant to be one as a matter of course', () => {
      const { text, summary } = read('utf-16le', [0xff, 0xfe, 0x61, 0]);
      assert.deepEqual([text, summary.hadByteOrderMark, summary.problems], ['a', true, []]);
    });
  });

  describe('of mixed line ends', () => {
    /** Text, place of the first line end of the rarest kind, words of the message. */
    const mixed: [string, [number, number], RegExp][] = [
      ['a\nbc\r\nd\n', [2, 3], /2 in LF, 1 in CRLF/],
      ['a\r\nb\r\n\nc', [3, 1], /2 in CRLF, 1 in LF/],
      ['a\rb\n\nc', [1, 2], /2 in LF, 1 in CR;/],
      ['a\r\nb\n\rc\n\n\r\n', [3, 1], /3 in LF, 2 in CRLF, 1 in CR;/],
    ];
    for (const [text, [line, column], words] of mixed) {
      it(`finds them in ${JSON.stringify(text)}`, () => {
        const { problems } = read('utf-8', text).summary;
        assert.deepEqual(
          problems.map((problem) => [problem.code, problem.severity, problem.line, problem.column, problem.endLine]),
          [['mixed-line-endings', 'warning', line, column, line + 1]],
        );
        assert.match(problems[0]?.message ?? '', words);
      });
    }

    for (const text of ['', 'a', '\n\n\n', 'a\r\nb\r\n', 'a\rb\r', 'a\\r\\nb\n']) {
      it(`finds none in ${JSON.stringify(text)}`, () => assert.deepEqual(read('utf-8', text).summary.problems, []));
    }

    it('finds them in the text of an editor', () => {
      const { text, summary } = readTextOfString('a\r\nb\n\n');
      assert.deepEqual([text, codesOf(summary)], ['a\r\nb\n\n', ['mixed-line-endings warning']]);
    });
  });

  it('does not depend on how the bytes are cut, whatever they are', () => {
    const random = createRandom(11);
    const parts: Part[] = [
      ...['a', 'é', '漢', '😀', '\n', '\r', '\r\n', ' ', '\ufeff', '\ufffd'],
      ...[[0xff], [0x80], [0xc3], [0xe2, 0x82], [0xf0, 0x9f, 0x98], [0xed, 0xa0, 0x80], [0xfe], [0x3d, 0xd8], [0]],
    ];
    const encodings: EncodingName[] = ['utf-8', 'utf-8', 'utf-8', 'utf-16le', 'utf-16be', 'windows-1252', 'shift_jis', 'gb18030'];
    let faults = 0;
    for (let round = 0; round < 3000; round++) {
      const chosen = Array.from({ length: random.integer(60) }, () => parts[random.integer(parts.length)] ?? '');
      const bytes = bytesOf(...chosen);
      const encoding = encodings[random.integer(encodings.length)] ?? 'utf-8';
      const longest = 1 + random.integer(9);
      const whole = readTextOfBytes(bytes, encoding);
      faults += whole.summary.problems.length;
      assert.deepEqual(
        readInChunks(bytes, encoding, () => 1 + random.integer(longest)),
        whole,
        `${encoding} ${Buffer.from(bytes).toString('hex')}`,
      );
      const decoded = new TextDecoder(whole.summary.encoding).decode(bytes);
      assert.equal(whole.text, decoded, `${encoding} ${Buffer.from(bytes).toString('hex')}`);
    }
    assert.ok(faults > 3000, `${faults} faults`);
  });

  it('puts every fault at the first U+FFFD of its line', () => {
    const random = createRandom(5);
    for (let round = 0; round < 500; round++) {
      const pool: Part[] = ['x', 'ü', '😀', '\n', '\r\n', '\r', [0xfc], [0xe2, 0x82], [0x9f]];
      const bytes = bytesOf(...Array.from({ length: 30 }, () => pool[random.integer(pool.length)] ?? ''));
      const { text, summary } = readTextOfBytes(bytes, 'utf-8');
      const lines = text.split(/\r\n|\r|\n/).map((line, index) => [index + 1, line.indexOf('\ufffd') + 1]);
      assert.deepEqual(
        summary.problems.filter(({ code }) => code === 'invalid-encoding').map(({ line, column }) => [line, column]),
        lines.filter(([, column]) => column !== 0).slice(0, 21),
      );
    }
  });

  describe('from the disk', () => {
    async function readFile(
      file: string,
      encoding: EncodingName,
      signal?: AbortSignal,
    ): Promise<{ pieces: string[]; summary: TextSummary }> {
      const reader = createTextReader(encoding);
      const pieces: string[] = [];
      for await (const piece of readTextFile(file, reader, signal)) pieces.push(piece);
      return { pieces, summary: reader.summarize() };
    }

    it('gives the same in several pieces', async () => {
      const text = 'Größe 😀 漢字\r\n'.repeat(500_000);
      const dir = writeProject({ 'a.txt': text, 'empty.txt': '', 'short.txt': 'ab' });
      const { pieces, summary } = await readFile(join(dir, 'a.txt'), 'utf-8');
      assert.ok(pieces.length > 2, `${pieces.length} pieces`);
      assert.deepEqual([pieces.join('') === text, summary], [true, readTextOfString(text).summary]);
      assert.deepEqual((await readFile(join(dir, 'empty.txt'), 'utf-8')).pieces, []);
      assert.deepEqual((await readFile(join(dir, 'short.txt'), 'utf-8')).pieces, ['ab']);
    });

    it('stops when it is told to, and refuses a folder', async () => {
      const dir = writeProject({ 'a.txt': 'a' });
      await assert.rejects(readFile(join(dir, 'a.txt'), 'utf-8', AbortSignal.abort(new Error('enough'))), /enough/);
      await assert.rejects(readFile(dir, 'utf-8'), /not a file/);
      await assert.rejects(readFile(join(dir, 'b.txt'), 'utf-8'), /ENOENT/);
    });

    it('decodes the UTF-8 stress test as the WHATWG decoder does', async function () {
      const file = join(sharedData, 'bad-utf8/utf8tests.bin');
      if (!existsSync(file)) this.skip(); // ../shared/data is missing
      const { pieces, summary } = await readFile(file, 'utf-8');
      assert.equal(pieces.join(''), new TextDecoder('utf-8', { ignoreBOM: true }).decode(readFileSync(file)));
      assert.ok(summary.problems.length > 1);
    });

    it('knows sms-spam as windows-1252', async function () {
      const file = join(sharedData, 'sms-spam-latin1/spam.csv');
      if (!existsSync(file)) this.skip(); // ../shared/data is missing
      const { summary } = await readFile(file, 'utf-8');
      assert.equal(summary.sha256, '217ac6f1400a30567ce0ced839efa670b1fefaf4227e180523d992c64a4cc0b4');
      assert.match(summary.problems[0]?.message ?? '', /set "data.encoding" to "windows-1252"/);
      assert.match(summary.problems[20]?.message ?? '', /^\d+ more lines have bytes that are not UTF-8\.$/);
      const invalid = (await readFile(file, 'windows-1252')).summary.problems.filter(({ code }) => code === 'invalid-encoding');
      assert.deepEqual(invalid, []);
    });
  });
});
