import assert from 'node:assert/strict';
import { compareWords } from '../../webview/compare-words';

/** The answer with what is shared in brackets. */
function marked(answer: string, expected: string): string {
  return compareWords(answer, expected)
    .parts.map(({ text, isShared }) => (isShared ? `[${text}]` : text))
    .join('');
}

describe('comparing an answer with what was expected', () => {
  it('marks the words that both have in the same order, and what stands between them', () => {
    assert.equal(marked('We send it in one day.', 'We will send it within one day.'), '[We send it] in [one day].');
    assert.equal(marked('day one', 'one day'), '[day] one');
  });

  it('counts words, not signs, and tells small letters from capitals', () => {
    const { sharedWords, expectedWords } = compareWords('yes, it IS. !', 'Yes, it is!');
    assert.deepEqual([sharedWords, expectedWords], [1, 3]);
    assert.equal(marked('No. Sorry.', 'Yes. Hello.'), 'No. Sorry.');
  });

  it('takes each expected word once', () => {
    assert.equal(marked('the the the', 'the cat'), '[the] the the');
  });

  it('finds words where nothing is written between them', () => {
    assert.equal(marked('日本に送れます', '日本に送ります').startsWith('[日本に'), true);
  });

  it('knows what is equal but for spaces at the ends', () => {
    assert.deepEqual(compareWords('At nine. ', 'At nine.'), {
      parts: [{ text: 'At nine. ', isShared: true }],
      isEqual: true,
      sharedWords: 2,
      expectedWords: 2,
    });
  });

  it('gives back the whole answer, and nothing for none', () => {
    const answer = ' Well,\n it  depends… ';
    assert.equal(
      compareWords(answer, 'it depends')
        .parts.map(({ text }) => text)
        .join(''),
      answer,
    );
    assert.deepEqual(compareWords('', 'Yes.').parts, []);
  });

  it('does not compare texts of more than 400 words', () => {
    const long = (word: string, count: number) => `${word} `.repeat(count);
    assert.equal(compareWords(long('a', 400), long('a', 400)).sharedWords, 400);
    const { sharedWords, parts } = compareWords(long('a', 401), 'a b');
    assert.equal(sharedWords, undefined);
    assert.deepEqual(parts, [{ text: long('a', 401), isShared: false }]);
  });
});
