import assert from 'node:assert/strict';
import { decodeText } from '../../dataset/decode-text';
import { rangeOf } from './marked-text';

const encoder = new TextEncoder();

function bytesOf(...parts: (string | number[])[]): Uint8Array {
  return Uint8Array.from(parts.flatMap((part) => (typeof part === 'string' ? [...encoder.encode(part)] : part)));
}

describe('decodeText', function () {
  this.timeout(30_000);

  it('gives back valid UTF-8 without a problem, whatever its length in bytes', () => {
    const text = 'a\u0080\u07ff\u0800\ud7ff\ue000\uffff😀\u{10ffff}\r\n\ufffd';
    assert.deepEqual(decodeText(encoder.encode(text)), { text, hadByteOrderMark: false, problems: [] });
  });

  it('takes a byte-order mark off and warns of it', () => {
    const { text, hadByteOrderMark, problems } = decodeText(bytesOf([0xef, 0xbb, 0xbf], 'a,b'));
    assert.equal(text, 'a,b');
    assert.equal(hadByteOrderMark, true);
    assert.deepEqual(
      problems.map(({ code, severity }) => [code, severity]),
      [['byte-order-mark', 'warning']],
    );
    assert.deepEqual(rangeOf(problems[0] ?? assert.fail()), { line: 1, column: 1, endLine: 1, endColumn: 2 });
  });

  it('leaves a second byte-order mark, and one inside the text, where they are', () => {
    assert.equal(decodeText(bytesOf('a\ufeffb')).text, 'a\ufeffb');
    assert.equal(decodeText(bytesOf('\ufeff\ufeffb')).text, '\ufeffb');
  });

  it('finds latin-1 bytes at their UTF-16 columns and names the character they were', () => {
    const { text, problems } = decodeText(bytesOf('ok\n😀 caf', [0xe9], ' au lait ', [0xe9], '\r\nx\r', [0xa3], '5'));
    assert.equal(text, 'ok\n😀 caf\ufffd au lait \ufffd\r\nx\r\ufffd5');
    assert.deepEqual(problems.map(rangeOf), [
      { line: 2, column: 7, endLine: 2, endColumn: 8 },
      { line: 4, column: 1, endLine: 4, endColumn: 2 },
    ]);
    assert.match(problems[0]?.message ?? '', /byte E9 .*windows-1252.*"é".*UTF-8/);
    assert.match(problems[1]?.message ?? '', /byte A3 .*"£"/);
    assert.deepEqual(new Set(problems.map(({ code, severity }) => `${code} ${severity}`)), new Set(['invalid-encoding error']));
  });

  it('guesses latin-1 for neighbouring bytes only where hardly anything else is UTF-8', () => {
    const message = (bytes: Uint8Array) => decodeText(bytes).problems[0]?.message ?? '';
    assert.match(message(bytesOf('cost ', [0xe5, 0xa3], '5')), /windows-1252.*"å"/);
    assert.match(message(bytesOf('cost ', [0xe5, 0xa3], '5 für 漢字')), /^The byte E5 is not UTF-8\. Save/);
  });

  it('counts columns behind a byte-order mark from the first character', () => {
    const { problems } = decodeText(bytesOf([0xef, 0xbb, 0xbf], 'ab', [0xff]));
    assert.deepEqual(
      problems.map((problem) => [problem.code, problem.column]),
      [
        ['byte-order-mark', 1],
        ['invalid-encoding', 3],
      ],
    );
  });

  it('stops after twenty bad lines', () => {
    const { problems } = decodeText(bytesOf(...Array.from({ length: 50 }, () => [0xff, 0x0a])));
    assert.deepEqual([problems.length, problems.at(-1)?.line], [20, 20]);
  });

  it('says once that a file is UTF-16, and reads it all the same', () => {
    const { text, problems } = decodeText(Uint8Array.from([0xff, 0xfe, 0x61, 0, 0x0a, 0, 0x62, 0]));
    assert.equal(text, 'a\nb');
    assert.deepEqual(
      problems.map(({ code }) => code),
      ['invalid-encoding'],
    );
    assert.match(problems[0]?.message ?? '', /UTF-16LE/);
  });

  /** Sequence, and at which byte the fault begins. */
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
      const { problems } = decodeText(bytesOf('xy', bytes));
      assert.deepEqual(problems.map(rangeOf), [{ line: 1, column: 3, endLine: 1, endColumn: 4 }]);
    });
  }

  it('agrees with the strict decoder of Node on every sequence of two bytes and many longer ones', () => {
    const strict = new TextDecoder('utf-8', { fatal: true });
    const isValid = (bytes: Uint8Array) => {
      try {
        strict.decode(bytes);
        return true;
      } catch {
        return false;
      }
    };
    for (let first = 0xbe; first < 0x100; first++) {
      for (let second = 0x7e; second < 0x100; second++) {
        for (const third of [0x41, 0x80]) {
          const bytes = Uint8Array.of(first, second, third, 0x80);
          assert.equal(decodeText(bytes).problems.length === 0, isValid(bytes), bytes.toString());
        }
      }
    }
  });
});
