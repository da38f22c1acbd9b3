import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import * as path from 'node:path';
import * as vscode from 'vscode';
import { createSmallProject, rowsFor } from '../small-project';
import { waitFor } from '../wait-until';
import { activate, codeOf, inFolder, problemsOf } from './temper';

const rangeOf = ({ range: { start, end } }: vscode.Diagnostic) => [start.line, start.character, end.line, end.character];

describe('linting data in the editor', function () {
  this.timeout(30_000);
  let dir: string;
  let train: string;

  before(async () => {
    await activate();
    dir = createSmallProject(inFolder('lint-me'));
    train = path.join(dir, 'data', 'train.jsonl');
    const { experiments } = await activate();
    await waitFor('the project is found', () => experiments.projectDirs.includes(dir));
  });
  after(async () => {
    await vscode.commands.executeCommand('workbench.action.revertAndCloseActiveEditor');
    fs.rmSync(dir, { recursive: true, force: true });
    const { experiments } = await activate();
    await waitFor('the project is forgotten', () => !experiments.projectDirs.includes(dir));
  });

  const one = (file: string) => waitFor(`one problem in ${file}`, () => problemsOf(file).length === 1 && problemsOf(file)[0]);
  const none = (file: string) => waitFor(`no problem in ${file}`, () => problemsOf(file).length === 0);

  it('underlines a broken row of a file that nobody has opened, where it is broken', async () => {
    fs.writeFileSync(train, `${rowsFor('train')}{"text": "", "label": "praise"}\n`);
    const problem = await one(train);
    assert.equal(codeOf(problem), 'empty-field');
    assert.deepEqual(rangeOf(problem), [48, 9, 48, 11]);
    assert.equal(problem.severity, vscode.DiagnosticSeverity.Error);
    fs.writeFileSync(train, rowsFor('train'));
    await none(train);
  });

  it('underlines a row while it is typed, before it is saved, and stops when it is right', async () => {
    const document = await vscode.workspace.openTextDocument(train);
    const editor = await vscode.window.showTextDocument(document);
    const { text } = document.lineAt(2);
    const closing = new vscode.Position(2, text.length - 1);
    await editor.edit((edit) => edit.delete(new vscode.Range(closing, closing.translate(0, 1))));
    assert.equal(document.isDirty, true);
    const problem = await one(train);
    assert.equal(codeOf(problem), 'invalid-json');
    assert.equal(problem.range.start.line, 2);
    await editor.edit((edit) => edit.insert(closing, '}'));
    await none(train);
    await vscode.commands.executeCommand('workbench.action.files.revert');
  });

  it('knows the labels of train while it reads the others', async () => {
    const test = path.join(dir, 'data', 'test.jsonl');
    fs.writeFileSync(test, `${rowsFor('test')}{"text": "so so", "label": "prais"}\n`);
    const problem = await one(test);
    assert.equal(codeOf(problem), 'unknown-label');
    assert.deepEqual(rangeOf(problem), [8, 27, 8, 34]);
    assert.match(problem.message, /praise/);
    fs.writeFileSync(test, rowsFor('test'));
    await none(test);
  });

  it('underlines a misspelt key of temper.json and says the right one', async () => {
    const config = path.join(dir, 'temper.json');
    const right = fs.readFileSync(config, 'utf8');
    fs.writeFileSync(config, right.replace('"batchSize"', '"batchsize"'));
    const problem = await one(config);
    assert.match(problem.message, /batchSize/);
    assert.equal(new vscode.Range(problem.range.start, problem.range.end).isSingleLine, true);
    fs.writeFileSync(config, right);
    await none(config);
  });

  it('shows as many problems of a file as the settings allow, and says how many more there are', async () => {
    const settings = vscode.workspace.getConfiguration('temper.lint');
    await settings.update('maxProblemsPerFile', 3, vscode.ConfigurationTarget.Global);
    fs.writeFileSync(train, rowsFor('train') + 'nonsense\n'.repeat(10));
    await waitFor('three and a note', () => problemsOf(train).length === 4);
    assert.match(problemsOf(train).at(-1)?.message ?? '', /^7 more problems/);
    await settings.update('maxProblemsPerFile', undefined, vscode.ConfigurationTarget.Global);
    await waitFor('all ten', () => problemsOf(train).length === 10);
    fs.writeFileSync(train, rowsFor('train'));
    await none(train);
  });

  it('is silent when it is switched off', async () => {
    const settings = vscode.workspace.getConfiguration('temper.lint');
    fs.writeFileSync(train, `${rowsFor('train')}nonsense\n`);
    await one(train);
    await settings.update('enabled', false, vscode.ConfigurationTarget.Global);
    await none(train);
    await settings.update('enabled', undefined, vscode.ConfigurationTarget.Global);
    await one(train);
  });
});
