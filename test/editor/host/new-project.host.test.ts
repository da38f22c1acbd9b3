import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import * as path from 'node:path';
import * as vscode from 'vscode';
import { activate, inFolder, openFolder, problemsOf } from './temper';
import { waitFor } from '../wait-until';

const answers = { template: 'text-classification', name: 'tickets' };

describe('Temper: New Project', function () {
  this.timeout(60_000);
  const dir = () => inFolder('tickets');

  before(activate);
  after(async () => {
    await vscode.commands.executeCommand('workbench.action.closeAllEditors');
    fs.rmSync(dir(), { recursive: true, force: true });
    const { experiments } = await activate();
    await waitFor('the project is forgotten', () => !experiments.projectDirs.includes(dir()));
  });

  it('makes a project that has a config, data and a readme, and ignores its runs', async () => {
    const made = await vscode.commands.executeCommand('temper.newProject', { ...answers, parentDir: openFolder() });
    assert.equal(made, dir());
    const files = fs.readdirSync(dir()).sort();
    assert.deepEqual(files, ['.gitignore', 'README.md', 'data', 'temper.json']);
    assert.match(fs.readFileSync(path.join(dir(), '.gitignore'), 'utf8'), /^\.temper\/$/m);
  });

  it('opens its config', async () => {
    const config = path.join(dir(), 'temper.json');
    await waitFor('the config is in an editor', () =>
      vscode.window.visibleTextEditors.some(({ document }) => document.uri.fsPath === config),
    );
  });

  it('has the new project in the experiments at once', async () => {
    const { experiments } = await activate();
    assert.deepEqual(experiments.projectDirs, [dir()]);
  });

  it('finds nothing wrong with its data', async () => {
    const files = ['temper.json', 'data/train.jsonl', 'data/validation.jsonl', 'data/test.jsonl', 'data/ood.jsonl'].map((name) =>
      path.join(dir(), name),
    );
    // An error of our own making shows when the linter has been there; without it the rest would pass unlinted.
    const train = files[1] ?? assert.fail();
    const rows = fs.readFileSync(train, 'utf8');
    fs.writeFileSync(train, `${rows}{"text": "x"\n`);
    await waitFor('the linter has been there', () => problemsOf(train).length === 1);
    fs.writeFileSync(train, rows);
    await waitFor('it has been there again', () => problemsOf(train).length === 0);
    for (const file of files) assert.deepEqual(problemsOf(file), []);
  });

  it('does not write into a folder that is there already', async () => {
    fs.writeFileSync(path.join(dir(), 'notes.txt'), 'mine');
    const made = await vscode.commands.executeCommand('temper.newProject', { ...answers, parentDir: openFolder() });
    assert.equal(made, undefined);
    assert.equal(fs.readFileSync(path.join(dir(), 'notes.txt'), 'utf8'), 'mine');
  });
});
