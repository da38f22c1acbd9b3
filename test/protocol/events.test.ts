import assert from 'node:assert/strict';
import { parseControlRequest, parseRunEvent } from '../../protocol';
import { eventKinds, exampleEvent } from './example-events';

describe('an event', () => {
  for (const kind of eventKinds) {
    it(`of kind "${kind}" survives a line of JSON unchanged`, () => {
      const event = exampleEvent(kind, 5);
      assert.deepEqual(parseRunEvent(JSON.parse(JSON.stringify(event))), event);
    });
  }

  const refused: [string, unknown][] = [
    ['nothing', undefined],
    ['text', 'step'],
    ['a list', []],
    ['an unknown kind', { seq: 1, atMs: 1, kind: 'exploded' }],
    ['no number', { atMs: 1, kind: 'paused' }],
    ['the number 0', { seq: 0, atMs: 1, kind: 'paused' }],
    ['half a number', { seq: 1.5, atMs: 1, kind: 'paused' }],
    ['no time', { seq: 1, kind: 'paused' }],
    ['a loss that was NaN and became null', { ...exampleEvent('step', 1), loss: null }],
    ['a negative step', { ...exampleEvent('step', 1), step: -1 }],
    ['an end nobody knows', { ...exampleEvent('ended', 1), state: 'lost' }],
    ['a split nobody knows', { ...exampleEvent('evaluated', 1), split: 'dev' }],
  ];
  for (const [what, input] of refused) {
    it(`is not read from ${what}`, () => {
      assert.equal(parseRunEvent(input), undefined);
    });
  }

  it('keeps its content when a newer version added a field', () => {
    assert.deepEqual(parseRunEvent({ ...exampleEvent('paused', 2), mood: 'calm' }), exampleEvent('paused', 2));
  });
});

describe('a control request', () => {
  for (const kind of ['stop', 'pause', 'continue', 'evaluate-now'] as const) {
    it(`"${kind}" is understood`, () => {
      assert.deepEqual(parseControlRequest({ kind }), { kind });
    });
  }
  for (const input of [undefined, null, 'stop', {}, { kind: 'explode' }, { kind: ['stop'] }]) {
    it(`is not read from ${JSON.stringify(input)}`, () => {
      assert.equal(parseControlRequest(input), undefined);
    });
  }
});
