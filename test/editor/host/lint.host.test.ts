import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import * as path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import * as vscode from 'vscode';
import type { LintProject } from '../lint-project';
import { rowsFor } from '../small-project';
import { waitFor } from '../wait-until';
import { closeAll, none, one, openLintProject, rangeOf, removeLintProject, show } from './temper-lint';
import { codeOf, problemsOf } from './temper';

describe('linting data in the editor', function () {
  this.timeout(30_000);
  let project: LintProject;
  let train: string;

  before(async () => {
    const spoken = [
      'empty-field',
      'invalid-json',
      'unknown-label',
      'bad-config',
      'missing-file',
      'leak',
      'invalid-encoding',
    ] as const;
    project = await openLintProject('lint-me', spoken);
    ({ train } = project);
  });
  after(() => removeLintProject(project));

  it('underlines a broken row of a file that nobody has opened, where it is broken', async () => {
    fs.writeFileSync(train, `${rowsFor('train')}{"text": "", "label": "praise"}\n`);
    const problem = await one(train, 'empty-field');
    assert.deepEqual(rangeOf(problem), [48, 9, 48, 11]);
    assert.equal(problem.severity, vscode.DiagnosticSeverity.Error);
    fs.writeFileSync(train, rowsFor('train'));
    await none(train);
  });

  it('underlines a row while it is typed, before it is saved, and stops when it is right', async () => {
    const editor = await show(train);
    const { document } = editor;
    const { text } = document.lineAt(2);
    const closing = new vscode.Position(2, text.length - 1);
    await editor.edit((edit) => edit.delete(new vscode.Range(closing, closing.translate(0, 1))));
    assert.equal(document.isDirty, true);
    const problem = await one(train, 'invalid-json');
    assert.equal(problem.range.start.line, 2);
    await editor.edit((edit) => edit.insert(closing, '}'));
    await none(train);
    await closeAll();
  });

  it('moves the line under a problem with its row, also when rows above it go and come', async () => {
    fs.writeFileSync(train, `${rowsFor('train')}{"text": "", "label": "praise"}\n`);
    await one(train, 'empty-field');
    const editor = await show(train);
    await editor.edit((edit) => edit.delete(new vscode.Range(0, 0, 10, 0)));
    await waitFor('ten lines higher', () => problemsOf(train)[0]?.range.start.line === 38);
    await vscode.commands.executeCommand('undo');
    await waitFor('back', () => problemsOf(train)[0]?.range.start.line === 48);
    await closeAll();
    fs.writeFileSync(train, rowsFor('train'));
    await none(train);
  });

  it('knows the labels of train while it reads the others', async () => {
    const { test } = project;
    fs.writeFileSync(test, `${rowsFor('test')}{"text": "so so", "label": "prais"}\n`);
    const problem = await one(test, 'unknown-label');
    assert.deepEqual(rangeOf(problem), [8, 27, 8, 34]);
    assert.match(problem.message, /praise/);
    fs.writeFileSync(test, rowsFor('test'));
    await none(test);
  });

  it('underlines a misspelt key of temper.json and says the right one', async () => {
    const { config } = project;
    const right = fs.readFileSync(config, 'utf8');
    fs.writeFileSync(config, right.replace('"batchSize"', '"batchsize"'));
    const problem = await one(config, 'bad-config');
    assert.match(problem.message, /batchSize/);
    assert.equal(problem.range.isSingleLine, true);
    fs.writeFileSync(config, right);
    await none(config);
  });

  it('says in temper.json that a file is gone, and shows nothing of that file any more', async () => {
    const { config, test } = project;
    fs.writeFileSync(test, `${rowsFor('test')}nonsense\n`);
    await one(test, 'invalid-json');
    fs.rmSync(test);
    assert.match((await one(config, 'missing-file')).message, /test\.jsonl/);
    await none(test);
    fs.writeFileSync(test, rowsFor('test'));
    await none(config);
  });

  it('sees bytes that are no text although the editor shows a character for them, and goes on when they are mended', async () => {
    fs.writeFileSync(
      train,
      Buffer.concat([Buffer.from(rowsFor('train')), Buffer.from('{"text": "caf\xe9", "label": "praise"}\n', 'latin1')]),
    );
    await one(train, 'invalid-encoding');
    const { document } = await show(train);
    assert.match(document.lineAt(48).text, /caf\ufffd/);
    await sleep(1000); // longer than it takes to lint the editor's text
    await one(train, 'invalid-encoding');
    await closeAll();
    fs.writeFileSync(train, rowsFor('train'));
    await none(train);
  });

  it('leads from a held-out row to its twin in the training rows', async () => {
    const { test } = project;
    const [, , leaked = ''] = rowsFor('train').split('\n');
    fs.writeFileSync(test, `${rowsFor('test')}${leaked}\n`);
    const problem = await one(test, 'leak');
    assert.equal(problem.severity, vscode.DiagnosticSeverity.Warning);
    const [related] = problem.relatedInformation ?? [];
    assert.ok(related);
    assert.equal(related.location.uri.fsPath, train);
    const document = await vscode.workspace.openTextDocument(related.location.uri);
    const editor = await vscode.window.showTextDocument(document, { selection: related.location.range });
    assert.equal(document.lineAt(editor.selection.start.line).text, leaked);
    const { text } = JSON.parse(leaked) as { text: string };
    assert.equal(document.getText(related.location.range), JSON.stringify(text));
    await closeAll();
    fs.writeFileSync(test, rowsFor('test'));
    await none(test);
  });

  it('links every code to its section in the page about rules', async () => {
    fs.writeFileSync(train, `${rowsFor('train')}nonsense\n`);
    const { code } = await one(train, 'invalid-json');
    assert.ok(typeof code === 'object');
    assert.equal(path.basename(code.target.fsPath), 'rules.md');
    const page = await vscode.workspace.openTextDocument(code.target.with({ fragment: '' }));
    assert.equal(page.lineAt(Number(code.target.fragment.slice(1)) - 1).text, '## invalid-json');
    fs.writeFileSync(train, rowsFor('train'));
    await none(train);
  });

  it('shows as many problems of a file as the settings allow, and says how many more there are', async () => {
    const settings = vscode.workspace.getConfiguration('temper.lint');
    await settings.update('maxProblemsPerFile', 3, vscode.ConfigurationTarget.Global);
    fs.writeFileSync(train, rowsFor('train') + 'nonsense\n'.repeat(10));
    await waitFor('three and a note', () => problemsOf(train).length === 4);
    const note = problemsOf(train).find((problem) => codeOf(problem) === undefined);
    assert.match(note?.message ?? '', /^7 more problems/);
    await settings.update('maxProblemsPerFile', undefined, vscode.ConfigurationTarget.Global);
    await waitFor('all ten', () => problemsOf(train).length === 10);
    fs.writeFileSync(train, rowsFor('train'));
    await none(train);
  });

  it('is silent when it is switched off', async () => {
    const settings = vscode.workspace.getConfiguration('temper.lint');
    fs.writeFileSync(train, `${rowsFor('train')}nonsense\n`);
    await one(train, 'invalid-json');
    await settings.update('enabled', false, vscode.ConfigurationTarget.Global);
    await none(train);
    await settings.update('enabled', undefined, vscode.ConfigurationTarget.Global);
    await one(train, 'invalid-json');
  });
});
