import assert from 'node:assert/strict';
import { findBrokenTags, recogniseTagScheme, type TagScheme } from '../../../dataset/shapes/tag-scheme';
import { createRandom } from '../../../dataset/seeded-random';
import { itAccepts, itReports, mend, readMarked } from './read-marked';

const split = (tags: string) => tags.split(' ');
const iob2 = recogniseTagScheme([['B-X', 'I-X']]);
const bioes = recogniseTagScheme([['S-X']]);

/** A row whose words are numbered. */
function row(tags: string): string {
  const count = tags.split(', ').length;
  return `{"tokens": [${Array.from({ length: count }, (_, index) => `"w${index}"`).join(', ')}], "tags": [${tags}]}`;
}

describe('rows of tokens and tags', () => {
  itReports(
    'token-tags',
    [
      ['a row without tags', 'missing-field', '«{"tokens": ["a"]}»\n{"tokens": ["a"], "tags": ["O"]}', /no "tags"/],
      [
        'tokens that are a text',
        'wrong-type',
        '{"tokens": «"a b"», "tags": ["O", "O"]}',
        /is the string "a b". The words are a list/,
      ],
      ['no tokens', 'empty-field', '{"tokens": «[]», "tags": «[]»}', /"tokens" is empty/],
      ['an empty token', 'empty-field', '{"tokens": ["a", «" "»], "tags": ["O", "O"]}', /element is empty/],
      ['a token that is a number', 'wrong-type', '{"tokens": [«3»], "tags": ["O"]}', /the number 3/],
      ['tags that are numbers', 'wrong-type', '{"tokens": ["a", "b"], "tags": «[0, 1]»}', /names of the tags/],
      ['a tag that is null', 'wrong-type', '{"tokens": ["a", "b"], "tags": ["O", «null»]}', /is null/],
      ['fewer tags than tokens', 'wrong-type', '{"tokens": ["a", "b"], "tags": «["O"]»}', /1 "tags" for 2 "tokens"/],
      ['an inner tag at the start', 'broken-tags', row('«"I-X"», "O"'), /begins the sentence. Did you mean "B-X"/],
      ['an inner tag behind O', 'broken-tags', row('"O", «"I-X"»'), /"I-X" follows "O"/],
      ['an inner tag behind another type', 'broken-tags', row('"B-Y", «"I-X"»'), /"I-X" follows "B-Y"/],
      ['two broken names, each', 'broken-tags', row('«"I-X"», "I-X", "O", «"I-X"»'), /Did you mean/],
    ],
    { tagScheme: iob2 },
  );
  itAccepts(
    'token-tags',
    [
      ['names of one word and of more', row('"B-X", "I-X", "I-X", "B-X", "O", "B-Y"')],
      ['types with hyphens', row('"B-creative-work", "I-creative-work"')],
      ['tags without letters', row('"NOUN", "VERB", "X"')],
      ['the letters alone', row('"B", "I", "O"')],
    ],
    { tagScheme: iob2 },
  );
  itReports(
    'token-tags',
    [['a single word of a name that goes on', 'broken-tags', row('«"B-X"», "O"'), /is followed by "O". Did you mean "S-X"/]],
    {
      tagScheme: bioes,
    },
  );

  it('mends a broken name when asked', () => {
    const read = readMarked(row('"O", "I-X", "I-X"'), 'token-tags', { tagScheme: iob2 });
    assert.equal(read.problems[0]?.fixes?.[0]?.isSafe, false);
    assert.equal(mend(read), row('"O", "B-X", "I-X"'));
  });
});

describe('recogniseTagScheme', () => {
  const schemes: [string, string[], TagScheme['name'] | undefined][] = [
    ['names that all begin with B', ['B-X I-X O', 'O B-Y'], 'iob2'],
    ['names that begin with I, and with B behind their like', ['I-X I-X O', 'O I-Y B-Y'], 'iob1'],
    ['inner tags only', ['O I-X'], 'iob1'],
    ['mostly B, and some broken', ['B-X I-X', 'B-X', 'O I-X'], 'iob2'],
    ['single words', ['O S-X'], 'bioes'],
    ['last words', ['B-X E-X'], 'bioes'],
    ['the letters L and U', ['B-X L-X U-Y'], 'bilou'],
    ['the letter M', ['B-X M-X E-Y'], 'bmes'],
    ['no letters', ['NOUN VERB'], undefined],
    ['nothing but O', ['O O'], undefined],
    ['types that look like letters', ['Bird Ibis SUN'], undefined],
  ];
  for (const [title, sequences, name] of schemes) {
    it(`takes ${title} for ${name ?? 'no scheme'}`, () => {
      assert.equal(recogniseTagScheme(sequences.map(split))?.name, name);
    });
  }
});

describe('findBrokenTags', () => {
  /** The scheme by a file of it, a sequence, and the same mended. */
  const cases: [string, string, string][] = [
    ['B-X I-X', 'I-X I-X O I-Y', 'B-X I-X O B-Y'],
    ['B-X I-X', 'B-X I-Y I-X', 'B-X B-Y B-X'],
    ['I-X O I-X', 'O I-X B-X I-Y', 'O I-X B-X I-Y'],
    ['S-X', 'B-X I-X E-X S-X O', 'B-X I-X E-X S-X O'],
    ['S-X', 'I-X E-X', 'B-X E-X'],
    ['S-X', 'B-X I-X O', 'B-X E-X O'],
    ['S-X', 'E-X O B-Y', 'S-X O S-Y'],
    ['S-X', 'I-X', 'S-X'],
    ['S-X', 'B-X E-Y', 'S-X S-Y'],
    ['U-X', 'B-X I-X U-X', 'B-X L-X U-X'],
    ['B-X M-X E-X', 'M-X M-X E-X', 'B-X M-X E-X'],
  ];
  for (const [file, tags, mended] of cases) {
    it(`makes "${mended}" of "${tags}" in a file with "${file}"`, () => {
      const scheme = recogniseTagScheme([split(file)]);
      assert.ok(scheme);
      const result = split(tags);
      for (const { index, tag } of findBrokenTags(split(tags), scheme)) result[index] = tag;
      assert.equal(result.join(' '), mended);
    });
  }

  it('leaves nothing to mend, in any sequence of any scheme', () => {
    const random = createRandom(7);
    const letters = ['O', 'B-X', 'I-X', 'E-X', 'S-X', 'B-Y', 'I-Y', 'E-Y'];
    for (let round = 0; round < 2000; round++) {
      const pool = round % 2 === 0 ? letters : letters.filter((tag) => !/^[ES]/.test(tag));
      const tags = Array.from({ length: 1 + random.integer(7) }, () => pool[random.integer(pool.length)] ?? 'O');
      const scheme = round % 2 === 0 ? bioes : iob2;
      assert.ok(scheme);
      const mended = [...tags];
      for (const { index, tag } of findBrokenTags(tags, scheme)) mended[index] = tag;
      assert.deepEqual(findBrokenTags(mended, scheme), [], tags.join(' '));
    }
  });
});
