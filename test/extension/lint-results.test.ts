import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { LintResults } from '../../extension/lint/lint-results';
import { problem, result } from './lint-fixtures';

const file = '/project/train.jsonl';
const twin = problem(3, { code: 'duplicate-row', severity: 'warning' });

describe('what the editor shows of linting', () => {
  let results: LintResults;
  let changes: string[];

  beforeEach(() => {
    results = new LintResults();
    changes = [];
    results.changed.on((changed) => changes.push(changed));
  });
  afterEach(() => results.dispose());

  const shown = () => results.of(file)?.problems.map(({ code }) => code);

  it('shows the first that is known at once, also when rules of whole files are still to come', () => {
    results.add(result(file, [problem(1)], { isComplete: false }));
    assert.deepEqual(shown(), ['empty-field']);
  });

  it('keeps what rules of whole files found until they have had their say again', async () => {
    results.add(result(file, [twin]));
    results.add(result(file, [], { isComplete: false }));
    assert.deepEqual(shown(), ['duplicate-row']);
    results.add(result(file, [problem(1), twin]));
    assert.deepEqual(shown(), ['empty-field', 'duplicate-row']);
    await sleep(500);
    assert.deepEqual(shown(), ['empty-field', 'duplicate-row']);
    assert.equal(changes.length, 2);
  });

  it('does not keep it for ever when they take long', async () => {
    results.add(result(file, [twin]));
    results.add(result(file, [problem(1)], { isComplete: false }));
    await sleep(500);
    assert.deepEqual(shown(), ['empty-field']);
  });

  it('shows what is on its way when nothing more will come', () => {
    results.add(result(file, [twin]));
    results.add(result(file, [problem(1)], { isComplete: false }));
    results.settle('/other');
    assert.deepEqual(shown(), ['duplicate-row']);
    results.settle('/project');
    assert.deepEqual(shown(), ['empty-field']);
  });

  it('forgets files that a project no longer reads, files that are gone, and projects that are closed', async () => {
    const other = '/project/test.jsonl';
    for (const path of [file, other]) results.add(result(path));
    results.keepOnly('/project', new Set([other]));
    assert.deepEqual(results.files, [other]);
    results.add(result(other, [], { isComplete: false }));
    results.forget(other);
    assert.deepEqual(results.files, []);
    results.add(result(file));
    results.keepOnlyProjects([]);
    assert.equal(results.of(file), undefined);
    await sleep(500);
    assert.deepEqual(results.files, []);
  });

  it('shows a file of two projects as the first sees it, and as the other when that is closed', () => {
    results.add(result(file, [problem(1)]));
    results.add(result(file, [twin], { dir: '/second' }));
    assert.deepEqual(shown(), ['empty-field']);
    results.keepOnlyProjects(['/second']);
    assert.deepEqual(shown(), ['duplicate-row']);
  });
});
