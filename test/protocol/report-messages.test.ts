import assert from 'node:assert/strict';
import { parseReportMessage, type ReportToHost } from '../../protocol';

const range = { line: 3, column: 1, endLine: 3, endColumn: 9 };

describe('a message from the dataset report', () => {
  const understood: ReportToHost[] = [
    { kind: 'ready' },
    { kind: 'open', file: '/a.jsonl' },
    { kind: 'open', file: '/a.jsonl', range },
    { kind: 'open-rule', code: 'leak' },
  ];
  for (const message of understood) {
    it(`${JSON.stringify(message)} is understood`, () => {
      assert.deepEqual(parseReportMessage(message), message);
    });
  }

  it('loses what does not belong to it', () => {
    const input = { kind: 'open', file: '/a.jsonl', range: { ...range, more: 1 }, command: 'rm' };
    assert.deepEqual(parseReportMessage(input), { kind: 'open', file: '/a.jsonl', range });
  });

  const garbage: [string, unknown][] = [
    ['nothing', undefined],
    ['null', null],
    ['text', 'ready'],
    ['an empty object', {}],
    ['an unknown kind', { kind: 'run' }],
    ['a kind that every object has', { kind: 'constructor' }],
    ['no file', { kind: 'open' }],
    ['a file that is a number', { kind: 'open', file: 7 }],
    ['a range of words', { kind: 'open', file: '/a', range: 'all' }],
    ['a range of null', { kind: 'open', file: '/a', range: null }],
    ['half a range', { kind: 'open', file: '/a', range: { line: 3, column: 1 } }],
    ['a line in words', { kind: 'open', file: '/a', range: { ...range, line: '3' } }],
    ['half a line', { kind: 'open', file: '/a', range: { ...range, line: 1.5 } }],
    ['line 0', { kind: 'open', file: '/a', range: { ...range, line: 0 } }],
    ['no rule', { kind: 'open-rule' }],
    ['a rule that is none', { kind: 'open-rule', code: 'toString' }],
  ];
  for (const [what, input] of garbage) {
    it(`is not ${what}`, () => {
      assert.equal(parseReportMessage(input), undefined);
    });
  }
});
