// Files that are large: typing stays linted, and what the editor does not give to extensions is linted all the same.
import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import * as vscode from 'vscode';
import { writeManyRows, type LintProject } from '../lint-project';
import { rowsFor } from '../small-project';
import { waitFor } from '../wait-until';
import { ofCode, openLintProject, removeLintProject, say } from './temper-lint';
import { problemsOf } from './temper';

const megabyte = 1_000_000;
const patienceMs = 120_000;
const emptyRow = '{"text": "", "label": "praise"}\n';

describe('linting large files in the editor', function () {
  this.timeout(3 * patienceMs);
  let project: LintProject;

  before(async () => {
    const spoken = [
      ...(['invalid-json', 'empty-field', 'duplicate-row', 'near-duplicate', 'leak', 'near-leak'] as const),
      ...(['secret', 'personal-data', 'mojibake', 'other-language'] as const),
    ];
    project = await openLintProject('large', spoken, 128);
  });
  after(() => removeLintProject(project));

  it('finds what is wrong in 40 MB that nobody has open, and again after an edit in the editor, soon', async () => {
    const { train } = project;
    writeManyRows(train, 40 * megabyte, { last: emptyRow });
    assert.ok(fs.statSync(train).size > 40 * megabyte);
    const startMs = Date.now();
    const broken = await waitFor('the broken last row', () => ofCode(train, 'empty-field')[0], patienceMs);
    say(`40 MB: the last row is underlined after ${Date.now() - startMs} ms`);
    const document = await vscode.workspace.openTextDocument(train);
    const editor = await vscode.window.showTextDocument(document);
    assert.equal(broken.range.start.line, document.lineCount - 2);

    const type = async (line: number, text: string, isDone: () => boolean) => {
      const beganMs = performance.now();
      await editor.edit((edit) => edit.insert(new vscode.Position(line, 0), text));
      const typedMs = performance.now();
      await waitFor(`line ${line} is linted again`, isDone, patienceMs);
      return { waitedMs: performance.now() - beganMs, editMs: typedMs - beganMs };
    };
    const isBroken = (line: number) => () => problemsOf(train).some((problem) => problem.range.start.line === line);
    const middle = Math.floor(document.lineCount / 2);
    await type(middle, 'x', isBroken(middle)); // the first one comes while the text is still being read
    for (const line of [10, middle + 100, document.lineCount - 100]) {
      const { waitedMs, editMs } = await type(line, 'x', isBroken(line));
      say(
        `40 MB: ${Math.round(waitedMs)} ms from an edit in line ${line} to its squiggle (the edit itself ${Math.round(editMs)} ms)`,
      );
      assert.ok(waitedMs < 2000, `${waitedMs} ms`);
    }
    await type(0, '\n', () => ofCode(train, 'empty-field')[0]?.range.start.line === document.lineCount - 2);
    assert.equal(await document.save(), true);
    fs.writeFileSync(train, rowsFor('train'));
    await waitFor('all that is gone', () => problemsOf(train).length === 0, patienceMs);
  });

  it('lints a file of more than 50 MB, which the editor gives to no extension', async () => {
    const { test } = project;
    writeManyRows(test, 56 * megabyte, { first: 10_000_000, last: emptyRow });
    const problem = await waitFor('the broken last row', () => ofCode(test, 'empty-field')[0], patienceMs);
    assert.ok(problem.range.start.line > 100_000);
    await assert.rejects(Promise.resolve(vscode.workspace.openTextDocument(test)));
    fs.writeFileSync(test, '');
    await waitFor('it is gone with the row', () => ofCode(test, 'empty-field').length === 0, patienceMs);
  });
});
