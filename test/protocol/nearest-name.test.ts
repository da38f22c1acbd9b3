import assert from 'node:assert/strict';
import { editDistance, nearestName } from '../../protocol';

describe('the nearest name', () => {
  const table: [given: string, candidates: string[], expected: string | undefined][] = [
    ['trian', ['train', 'test'], 'train'], // one transposition
    ['learningrate', ['learningRate', 'lrScheduler'], 'learningRate'], // capitals do not count
    ['epoch', ['epochs', 'every'], 'epochs'], // one letter missing
    ['evaluatoin', ['evaluation', 'evaluate'], 'evaluation'],
    ['batch_size', ['batchSize', 'maxLength'], 'batchSize'],
    ['rank', ['r', 'alpha'], undefined], // three letters off, one allowed
    ['k', ['r'], 'r'], // one letter off is always allowed
    ['kk', ['r'], undefined],
    ['epos', ['epochs'], undefined], // two letters off, one allowed
    ['BATCHSIZE', ['batchSize'], 'batchSize'],
    ['', ['r'], 'r'],
    ['abc', [], undefined],
    ['form', ['from', 'for'], 'from'], // equally near: the first
    ['form', ['for', 'from'], 'for'],
    ['positiv', ['negative', 'positive'], 'positive'],
    ['verlängert', ['verlangert'], 'verlangert'],
  ];
  for (const [given, candidates, expected] of table) {
    it(`to "${given}" among [${candidates.join(', ')}] is ${expected ?? 'none'}`, () => {
      assert.equal(nearestName(given, candidates), expected);
    });
  }
});

describe('the edit distance', () => {
  const table: [string, string, number][] = [
    ['', '', 0],
    ['', 'abc', 3],
    ['abc', '', 3],
    ['kitten', 'sitting', 3],
    ['ab', 'ba', 1],
    ['abcd', 'badc', 2],
    ['flaw', 'lawn', 2],
    ['same', 'same', 0],
  ];
  for (const [from, to, expected] of table) {
    it(`from "${from}" to "${to}" is ${expected}, and as far back`, () => {
      assert.equal(editDistance(from, to), expected);
      assert.equal(editDistance(to, from), expected);
    });
  }
});
