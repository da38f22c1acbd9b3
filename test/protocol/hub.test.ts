import assert from 'node:assert/strict';
import { formatHubModelName, formatSize, parseHubModelName } from '../../protocol';

describe('the name of a model on the Hub', () => {
  const right: [string, string, string][] = [
    ['sentence-transformers/all-MiniLM-L6-v2', 'sentence-transformers/all-MiniLM-L6-v2', 'main'],
    ['org/name@v1.0', 'org/name', 'v1.0'],
    ['org/name@refs/pr/12', 'org/name', 'refs/pr/12'],
    [`org/name@${'0'.repeat(40)}`, 'org/name', '0'.repeat(40)],
    ['gpt2', 'gpt2', 'main'],
    ['a_b/c.d-e', 'a_b/c.d-e', 'main'],
  ];
  for (const [text, repository, revision] of right) {
    it(`is ${text}`, () => assert.deepEqual(parseHubModelName(text), { repository, revision }));
  }

  const wrong = [
    '',
    '/',
    'a/',
    '/b',
    'a/b/c',
    'a--b/c',
    'a/b..c',
    '../b',
    './b',
    '.a/b',
    'a/-b',
    'a/b.git',
    'a b/c',
    'a/b@',
    'a/b@..',
  ];
  for (const text of [
    ...wrong,
    'a/b@c@d',
    'a/b@../x',
    'a/b@x//y',
    'a\\b',
    'a/b@.x',
    'a/b\n',
    'https://huggingface.co/a/b',
    'a/ü',
    `a/${'b'.repeat(97)}`,
  ]) {
    it(`is not ${JSON.stringify(text)}`, () => assert.equal(parseHubModelName(text), undefined));
  }

  it('is written without the revision that everybody means', () => {
    assert.equal(formatHubModelName({ repository: 'a/b', revision: 'main' }), 'a/b');
    assert.equal(formatHubModelName({ repository: 'a/b', revision: 'v1' }), 'a/b@v1');
  });
});

describe('a size', () => {
  it('is told in thousands, as on the Hub', () => {
    assert.deepEqual([0, 999, 1500, 90_868_376, 4_400_000_000].map(formatSize), [
      '0 bytes',
      '999 bytes',
      '1.5 kB',
      '90.9 MB',
      '4.40 GB',
    ]);
  });
});
