import assert from 'node:assert/strict';
import { createDigestBuilder } from '../../../dataset/rules/digest';
import { collectPieces, overlapOf, signatureLength, writeSignature } from '../../../dataset/rules/digest-signature';
import { edgeWords, normalise } from '../../../dataset/rules/digest-text';
import { TextUnits } from '../../../dataset/rules/digest-units';
import { createRandom } from '../../../dataset/seeded-random';
import { chat, classified, multiLabelled, preference } from './digested-file';

function unitsOf(text: string): { text: string; words: number; letters: string } {
  const units = new TextUnits();
  const written = () => String.fromCharCode(...units.units.subarray(0, units.length));
  units.read(text);
  const [apart, words] = [written(), units.words];
  units.joinWords();
  return { text: apart, words, letters: written() };
}

describe('normalise', () => {
  for (const [text, normal] of [
    ['  Where is\n\nmy\tPARCEL? ', 'where is my parcel?'],
    ['a b', 'a b'],
    ['a\u00a0b', 'a b'],
    [' \n ', ''],
    ['ÄÖÜ', 'äöü'],
  ] as const) {
    it(`makes ${JSON.stringify(text)} ${JSON.stringify(normal)}`, () => assert.equal(normalise(text), normal));
  }
});

describe('edgeWords', () => {
  it('takes three words of a text that has more', () => {
    assert.equal(edgeWords('a b c d', 'begin'), 'a b c');
    assert.equal(edgeWords('a b c d', 'end'), 'b c d');
  });

  it('takes none of a text that has no more', () => {
    for (const text of ['', 'a', 'a b', 'a b c'])
      assert.deepEqual([edgeWords(text, 'begin'), edgeWords(text, 'end')], ['', ''], text);
  });
});

describe('TextUnits', () => {
  for (const [text, expected, words] of [
    ["Don't  top-up, my CARD!", 'dont top up my card', 5],
    ['bad.This', 'bad this', 2],
    ['£5 or €5?', '£5 or €5', 3],
    ['12:30 and 1.5, not -3', '12:30 and 1.5 not -3', 5],
    ['3 - 4 + c++', '3 - 4 + c++', 5],
    ['a != b', 'a != b', 3],
    ['“Hello…” — she said', 'hello she said', 3],
    ['cafe\u0301', 'café', 1],
    ['ｆｕｌｌ', 'full', 1],
    ['カードを失くしました', 'カードを失くしました', 5],
    ['', '', 0],
    ['?!', '', 0],
  ] as const) {
    it(`reads ${JSON.stringify(text)}`, () => {
      const read = unitsOf(text);
      assert.deepEqual([read.text, read.words], [expected, words]);
    });
  }

  it('joins words, but not numbers', () => {
    assert.equal(unitsOf('Top-up!').letters, unitsOf('top up').letters);
    assert.equal(unitsOf('1 2 3').letters, '1 2 3');
    assert.notEqual(unitsOf('1 23').letters, unitsOf('12 3').letters);
    assert.equal(unitsOf('a 1 b').letters, 'a1b');
  });

  it('forgets the text before', () => {
    const units = new TextUnits();
    units.read('x'.repeat(10_000));
    units.read('ab');
    assert.equal(units.length, 2);
  });
});

describe('writeSignature', () => {
  const random = createRandom(11);
  const draw = (length: number) => Uint16Array.from({ length }, () => random.integer(1000));
  const agreement = (a: Uint16Array, b: Uint16Array) => {
    const [one, other] = [new Uint16Array(signatureLength), new Uint16Array(signatureLength)];
    writeSignature(a, a.length, { into: one, offset: 0 });
    writeSignature(b, b.length, { into: other, offset: 0 });
    return one.filter((value, index) => value === other[index]).length / signatureLength;
  };
  /** By sets of strings. */
  const jaccard = (a: Uint16Array, b: Uint16Array) => {
    const pieces = (units: Uint16Array) =>
      new Set(Array.from({ length: units.length - 3 }, (_, at) => units.slice(at, at + 4).join()));
    const [one, other] = [pieces(a), pieces(b)];
    const common = [...one].filter((piece) => other.has(piece)).length;
    return common / (one.size + other.size - common);
  };

  for (const [length, replaced] of [
    [30, 1],
    [80, 1],
    [80, 4],
    [80, 20],
    [2000, 40],
    [20_000, 3000],
  ] as const) {
    it(`agrees as much as sets of ${length} units with ${replaced} others overlap`, () => {
      const errors = Array.from({ length: length < 1000 ? 60 : 8 }, () => {
        const units = draw(length);
        const other = units.slice();
        for (let change = 0; change < replaced; change++) other[random.integer(length)] = 2000 + random.integer(1000);
        const exact = jaccard(units, other);
        const counted = overlapOf(collectPieces(units, length), collectPieces(other, length));
        assert.ok(Math.abs(exact - counted) < 1e-4, 'overlapOf is the Jaccard index'); // but for equal hashes of 32 bits
        return agreement(units, other) - exact;
      });
      const mean = errors.reduce((sum, error) => sum + error, 0) / errors.length;
      const spread = Math.sqrt(errors.reduce((sum, error) => sum + error ** 2, 0) / errors.length);
      assert.ok(Math.abs(mean) < 0.08, `mean error ${mean}`); // three standard deviations of 8 means of 50 draws
      assert.ok(spread < 0.11, `spread ${spread}`); // of 50 draws: 0.07 at the most
    });
  }

  it('leaves texts without a piece alone', () => {
    const into = new Uint16Array(signatureLength);
    writeSignature(Uint16Array.of(1, 2, 3), 3, { into, offset: 0 });
    assert.ok(into.every((value) => value === 0));
    assert.equal(overlapOf(new Uint32Array(0), new Uint32Array(0)), 0);
  });
});

describe('createDigestBuilder', () => {
  const rows = [
    classified('Where is it?', 'a'),
    classified('Where  IS it?', 'a'),
    classified('Where is it?', 'b'),
    classified('', 'a'),
  ];
  const digest = digestOf(rows);
  function digestOf(added: typeof rows) {
    const builder = createDigestBuilder();
    for (const row of added) builder.add(...row);
    return builder.finish();
  }
  const hashOf = (name: keyof typeof digest.hashes, row: number) => digest.hashes[name].subarray(2 * row, 2 * row + 2).join();

  it('tells equal rows by their hashes', () => {
    assert.notEqual(hashOf('exact', 0), hashOf('exact', 1));
    assert.equal(hashOf('text', 0), hashOf('text', 1));
    assert.equal(hashOf('target', 0), hashOf('target', 1));
    assert.equal(hashOf('exactInput', 0), hashOf('exactInput', 2));
    assert.notEqual(hashOf('exact', 0), hashOf('exact', 2));
    assert.notEqual(hashOf('target', 0), hashOf('target', 2));
  });

  it('keeps labels once, and the places of each row', () => {
    const { labels } = digestOf([multiLabelled('x', 'a', 'b'), multiLabelled('y'), multiLabelled('z', 'b')]);
    assert.deepEqual(labels.names, ['a', 'b']);
    assert.deepEqual([...labels.ids], [0, 1, 1]);
    assert.deepEqual([...labels.starts], [0, 2, 2, 3]);
  });

  it('takes at most 200 bytes a row', () => {
    const many = digestOf(Array.from({ length: 1000 }, (_, index) => preference(`prompt ${index}`, 'yes', 'no')));
    const columns = [
      ...Object.values(many.hashes),
      ...Object.values(many.numbers),
      many.signatures,
      many.labels.ids,
      many.labels.starts,
    ];
    const bytes = columns.reduce((sum, { byteLength }) => sum + byteLength, 0);
    assert.ok(bytes / 1000 <= 200, `${bytes / 1000}`);
  });

  it('is the same for the same rows, and empty without rows', () => {
    assert.deepEqual(digestOf(rows), digest);
    const empty = digestOf([]);
    assert.deepEqual([empty.rows, empty.kind, empty.signatures.length], [0, undefined, 0]);
  });

  it('has answers and lengths where rows have them', () => {
    const builder = createDigestBuilder();
    builder.add(...preference('p', 'longer', 'short'));
    assert.deepEqual([...builder.finish().numbers.chosenLength], [6]);
    const chats = createDigestBuilder();
    chats.add(...chat('one two three four', 'five six seven eight'));
    const { numbers } = chats.finish();
    assert.equal(numbers.chosenLength.length, 0);
    assert.equal(new Set([numbers.inputBegin[0], numbers.inputEnd[0], numbers.answerBegin[0], numbers.answerEnd[0], 0]).size, 5);
  });
});
