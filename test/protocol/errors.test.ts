import assert from 'node:assert/strict';
import { describeThrown, exitCodeOf, isBetter, RunFailure, type RunError } from '../../protocol';

describe('what was thrown, described', () => {
  it('is the error itself when it was made for people', () => {
    const error: RunError = { code: 'bad-data', message: 'm', hint: 'h', file: 'f', line: 3 };
    assert.equal(describeThrown(new RunFailure(error)), error);
  });

  const table: [string, unknown, RunError['code']][] = [
    ['a full disk', Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' }), 'disk-full'],
    ['a worker without memory', Object.assign(new Error('x'), { code: 'ERR_WORKER_OUT_OF_MEMORY' }), 'out-of-memory'],
    ['a failed allocation', new RangeError('Array buffer allocation failed'), 'out-of-memory'],
    ['memory that cannot grow', new RangeError('WebAssembly.Memory.grow(): Out of memory'), 'out-of-memory'],
    ['a bug', new TypeError('x is not a function'), 'internal'],
    ['text', 'oops', 'internal'],
    ['nothing', undefined, 'internal'],
  ];
  for (const [what, thrown, code] of table) {
    it(`calls ${what} "${code}" and says what to do`, () => {
      const error = describeThrown(thrown);
      assert.equal(error.code, code);
      assert.notEqual(error.hint, '');
      assert.equal(error.detail, thrown instanceof Error ? thrown.stack : undefined);
    });
  }

  it('gives exit code 2 for what the caller wrote wrongly and 1 for all else', () => {
    const codeOf = (code: RunError['code']) => exitCodeOf({ code, message: '', hint: '' });
    assert.deepEqual([codeOf('bad-usage'), codeOf('bad-config'), codeOf('bad-data'), codeOf('internal')], [2, 2, 1, 1]);
  });
});

describe('a better metric', () => {
  const table: [Parameters<typeof isBetter>, boolean][] = [
    [['accuracy', 0.6, 0.5], true],
    [['accuracy', 0.5, 0.5], false],
    [['loss', 0.5, 0.6], true],
    [['loss', 0.6, 0.5], false],
    [['loss', 0.6, undefined], true],
    [['loss', Number.NaN, undefined], false],
    [['accuracy', 0.1, Number.NaN], true],
  ];
  for (const [[metric, value, reference], expected] of table) {
    it(`${metric} ${value} is ${expected ? '' : 'not '}better than ${reference ?? 'none'}`, () => {
      assert.equal(isBetter(metric, value, reference), expected);
    });
  }
});
