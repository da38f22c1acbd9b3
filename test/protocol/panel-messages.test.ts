import assert from 'node:assert/strict';
import { parsePanelMessage, type PanelToHost } from '../../protocol';

describe('a message from the panel', () => {
  const understood: PanelToHost[] = [
    { kind: 'ready' },
    { kind: 'stop' },
    { kind: 'pause' },
    { kind: 'continue' },
    { kind: 'evaluate-now' },
    { kind: 'evaluate', step: 0 },
    { kind: 'evaluate', step: 400 },
    { kind: 'open', what: 'log' },
    { kind: 'open', what: 'config' },
    { kind: 'open', what: 'folder' },
  ];
  for (const message of understood) {
    it(`${JSON.stringify(message)} is understood`, () => {
      assert.deepEqual(parsePanelMessage(message), message);
    });
  }

  it('loses what does not belong to it', () => {
    assert.deepEqual(parsePanelMessage({ kind: 'stop', step: 3, what: 'log' }), { kind: 'stop' });
  });

  const garbage: [string, unknown][] = [
    ['nothing', undefined],
    ['null', null],
    ['text', 'ready'],
    ['a number', 7],
    ['a list', ['ready']],
    ['an empty object', {}],
    ['an unknown kind', { kind: 'delete-everything' }],
    ['a kind that every object has', { kind: 'constructor' }],
    ['a kind in a list', { kind: ['ready'] }],
    ['an evaluation of no step', { kind: 'evaluate' }],
    ['an evaluation of a step in words', { kind: 'evaluate', step: '400' }],
    ['an evaluation of step NaN', { kind: 'evaluate', step: Number.NaN }],
    ['an evaluation of half a step', { kind: 'evaluate', step: 1.5 }],
    ['an evaluation of a step before the first', { kind: 'evaluate', step: -1 }],
    ['opening nothing', { kind: 'open' }],
    ['opening a path', { kind: 'open', what: '/etc/passwd' }],
  ];
  for (const [what, input] of garbage) {
    it(`is not read from ${what}`, () => {
      assert.equal(parsePanelMessage(input), undefined);
    });
  }
});
