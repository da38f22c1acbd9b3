import assert from 'node:assert/strict';
import { planDiagnostics } from '../../extension/lint/plan-diagnostics';
import { countFixable, planActions, withoutOverlaps, type PlannedAction } from '../../extension/lint/plan-fixes';
import type { Fix, Problem } from '../../protocol';
import { problem, result } from './lint-fixtures';

const file = '/project/train.jsonl';

describe('problems in the editor', () => {
  it('shows all when there are no more than the settings allow', () => {
    const plan = planDiagnostics(result(file, [problem(1), problem(2)]), 2);
    assert.deepEqual([...plan], [[file, { problems: [problem(1), problem(2)] }]]);
  });

  it('says below the last one how many more there are, also of those that were not even listed', () => {
    const found = result(file, [problem(1), problem(2), problem(5)]);
    const counted = { ...found, summary: { ...found.summary, problems: { error: 1200, warning: 30, information: 2 } } };
    const { note, problems } = planDiagnostics(counted, 2).get(file) ?? {};
    assert.equal(problems?.length, 2);
    assert.equal(note?.line, 2);
    assert.match(note?.text ?? '', /^1,?230 more problems/);
  });

  it('shows a problem about an image on that image', () => {
    const image = '/project/images/cat.png';
    const plan = planDiagnostics(result(file, [problem(1), problem(1, { file: image, code: 'unreadable-image' })]), 10);
    assert.deepEqual([...plan.keys()], [file, image]);
    assert.equal(plan.get(image)?.problems[0]?.code, 'unreadable-image');
    assert.equal(plan.get(file)?.problems.length, 1);
  });

  it('has an empty list for a file without problems, so that old ones go', () => {
    assert.deepEqual([...planDiagnostics(result(file), 10)], [[file, { problems: [] }]]);
  });
});

describe('what can be done about problems', () => {
  const fix = (line: number, parts: Partial<Fix> = {}): Fix => ({
    title: 'Remove this row',
    isSafe: false,
    edits: [{ line, column: 1, endLine: line + 1, endColumn: 1, text: '' }],
    ...parts,
  });
  const withFixes = (line: number, fixes: readonly Fix[], parts: Partial<Problem> = {}) => problem(line, { fixes, ...parts });
  const at = (line: number, column = 10) => ({ line, column, endLine: line, endColumn: column });
  const edits = (actions: readonly PlannedAction[]) => actions.filter((action) => action.kind === 'edit');
  const titles = (actions: readonly PlannedAction[]) => actions.map(({ title }) => title);

  for (const [where, place, isAt] of [
    ['at its first character', at(2, 10), true],
    ['behind its last character', at(2, 12), true],
    ['before it', at(2, 9), false],
    ['behind it', at(2, 13), false],
    ['in another line', at(3, 10), false],
    ['with it in a selection', { line: 1, column: 1, endLine: 9, endColumn: 1 }, true],
  ] as const) {
    it(`${isAt ? 'offers' : 'does not offer'} a fix with the cursor ${where}`, () => {
      assert.equal(edits(planActions(result(file, [withFixes(2, [fix(2)])]), place)).length, isAt ? 1 : 0);
    });
  }

  it('offers the fixes in their order, and prefers the first that is safe', () => {
    const fixes = [fix(2), fix(2, { title: 'Quote it', isSafe: true }), fix(2, { title: 'Escape it', isSafe: true })];
    const actions = edits(planActions(result(file, [withFixes(2, fixes)]), at(2)));
    assert.deepEqual(
      actions.map(({ title, isPreferred }) => [title, isPreferred]),
      [
        ['Remove this row', false],
        ['Quote it', true],
        ['Escape it', false],
      ],
    );
  });

  it('prefers nothing where nothing is safe', () => {
    const actions = edits(planActions(result(file, [withFixes(2, [fix(2)])]), at(2)));
    assert.deepEqual(
      actions.map(({ isPreferred }) => isPreferred),
      [false],
    );
  });

  it('changes another file when the fix belongs there', () => {
    const config = '/project/temper.json';
    const [action] = edits(planActions(result(file, [withFixes(2, [fix(7, { file: config })])]), at(2)));
    assert.equal(action?.file, config);
  });

  it('offers to fix all of a kind when there is more than one, without those that overlap', () => {
    const one = result(file, [withFixes(2, [fix(2)])]);
    assert.doesNotMatch(titles(planActions(one, at(2))).join('\n'), /Fix all/);
    const three = result(file, [withFixes(2, [fix(2)]), withFixes(2, [fix(2)]), withFixes(4, [fix(4)])]);
    const all = edits(planActions(three, at(4))).find(({ title }) => title.startsWith("Fix all 'empty-field'"));
    assert.deepEqual(
      all?.edits.map(({ line }) => line),
      [2, 4],
    );
  });

  it('offers to fix everything safe as soon as one fix in the file is safe', () => {
    const unsafe = [withFixes(2, [fix(2)])];
    const isOffered = (problems: readonly Problem[]) =>
      planActions(result(file, problems), at(2)).some(({ kind }) => kind === 'fix-all');
    assert.equal(isOffered(unsafe), false);
    assert.equal(isOffered([...unsafe, withFixes(9, [fix(9, { isSafe: true })])]), true);
  });

  it('counts what is safe, and not what would change another file', () => {
    const safe = fix(2, { isSafe: true });
    const problems = [withFixes(1, [safe]), withFixes(2, [fix(2)]), withFixes(3, [{ ...safe, file: '/project/temper.json' }])];
    assert.equal(countFixable(result(file, problems)), 1);
  });

  it('offers to suppress and to explain every problem, fixable or not', () => {
    const actions = planActions(result(file, [problem(2)]), at(2));
    assert.deepEqual(
      actions.map(({ kind }) => kind),
      ['suppress', 'suppress', 'show-rule'],
    );
    assert.deepEqual(
      actions.flatMap((action) => (action.kind === 'suppress' ? [action.scope] : [])),
      ['row', 'file'],
    );
  });

  it('offers nothing for a problem that is shown on another file', () => {
    assert.deepEqual(planActions(result(file, [problem(2, { file: '/project/cat.png' })]), at(2)), []);
  });

  it('makes a fix of several edits whole or not at all', () => {
    const edit = (line: number, column: number, endColumn: number) => ({ line, column, endLine: line, endColumn, text: 'x' });
    const first = fix(1, { edits: [edit(1, 1, 5)] });
    const torn = fix(1, { edits: [edit(3, 1, 2), edit(1, 4, 6)] });
    const beside = fix(1, { edits: [edit(1, 5, 6)] });
    const sameInsertion = fix(1, { edits: [edit(1, 5, 5)] });
    assert.deepEqual(withoutOverlaps([first, torn, beside, sameInsertion]), [edit(1, 1, 5), edit(1, 5, 6)]);
  });
});
