// What the editor offers beside the squiggles: fixes, suppressions, the figures on top, the hover.
import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import * as vscode from 'vscode';
import type { LintProject } from '../lint-project';
import { rowsFor } from '../small-project';
import { waitFor } from '../wait-until';
import { activate, problemsOf } from './temper';
import { closeAll, none, ofCode, one, openLintProject, removeLintProject, show } from './temper-lint';

describe('what can be done about data in the editor', function () {
  this.timeout(30_000);
  let project: LintProject;
  let train: string;

  before(async () => {
    project = await openLintProject('mend-me', [
      'invalid-json',
      'blank-line',
      'empty-field',
      'unknown-label',
      'leak',
      'label-typo',
    ]);
    ({ train } = project);
  });
  afterEach(async () => {
    await closeAll();
    fs.writeFileSync(train, rowsFor('train'));
    fs.writeFileSync(project.test, rowsFor('test'));
    await none(train);
    await none(project.test);
  });
  after(() => removeLintProject(project));

  const trailingComma = '{"text": "so fine a thing", "label": "praise",}\n';
  const actionsAt = async (file: string, range: vscode.Range, kind?: vscode.CodeActionKind) => {
    const uri = vscode.Uri.file(file);
    const found = await vscode.commands.executeCommand<vscode.CodeAction[]>(
      'vscode.executeCodeActionProvider',
      uri,
      range,
      ...(kind ? [kind.value, 10] : []),
    );
    return found.filter(({ command, edit }) => command?.command !== 'inlineChat.fix' || edit);
  };
  const actionAt = (file: string, range: vscode.Range, title: RegExp) =>
    waitFor(`an action like ${title}`, async () => (await actionsAt(file, range)).find((action) => title.test(action.title)));
  const apply = async ({ edit, command }: vscode.CodeAction) => {
    if (edit) assert.equal(await vscode.workspace.applyEdit(edit), true);
    if (command) await vscode.commands.executeCommand(command.command, ...((command.arguments ?? []) as unknown[]));
  };

  it('mends a row by its quick fix, which is the preferred one', async () => {
    fs.writeFileSync(train, `${rowsFor('train')}${trailingComma}`);
    const editor = await show(train);
    const { range } = await one(train, 'invalid-json');
    const fix = await waitFor('a preferred fix', async () =>
      (await actionsAt(train, range)).find(({ isPreferred }) => isPreferred),
    );
    await apply(fix);
    await none(train);
    assert.deepEqual(JSON.parse(editor.document.lineAt(48).text), { text: 'so fine a thing', label: 'praise' });
  });

  it('mends it by the editor’s own command for the preferred fix, and undo takes that back', async () => {
    fs.writeFileSync(train, `${rowsFor('train')}${trailingComma}`);
    const editor = await show(train);
    const { range } = await one(train, 'invalid-json');
    await waitFor('a preferred fix', async () => (await actionsAt(train, range)).some(({ isPreferred }) => isPreferred));
    editor.selection = new vscode.Selection(range.start, range.start);
    await vscode.commands.executeCommand('editor.action.autoFix');
    await none(train);
    await vscode.commands.executeCommand('undo');
    await one(train, 'invalid-json');
    assert.equal(`${editor.document.lineAt(48).text}\n`, trailingComma);
  });

  it('offers only what belongs to the problem under the cursor', async () => {
    fs.writeFileSync(train, `${rowsFor('train')}${trailingComma}{"text": "", "label": "praise"}\n`);
    await show(train);
    const broken = await one(train, 'invalid-json');
    await actionAt(train, broken.range, /^Suppress 'invalid-json'/);
    const titles = (await actionsAt(train, broken.range)).map(({ title }) => title).join('\n');
    assert.match(titles, /Show the rule 'invalid-json'/);
    assert.doesNotMatch(titles, /empty-field/);
    assert.deepEqual(await actionsAt(train, new vscode.Range(0, 0, 0, 0)), []);
  });

  it('fixes all that is safe in the file, as on save', async () => {
    fs.writeFileSync(train, `${rowsFor('train')}${trailingComma}\n\n${trailingComma}{"text": "", "label": "praise"}\n`);
    const editor = await show(train);
    await waitFor('five problems', () => problemsOf(train).length === 5);
    const kind = vscode.CodeActionKind.SourceFixAll;
    const [all, ...others] = await waitFor('the action', async () => {
      const found = await actionsAt(train, new vscode.Range(0, 0, 0, 0), kind);
      return found.length > 0 && found;
    });
    assert.deepEqual(others, []);
    assert.equal(all?.kind?.value, 'source.fixAll.temper');
    await vscode.commands.executeCommand('editor.action.fixAll');
    await one(train, 'empty-field');
    await waitFor('only that is left', () => problemsOf(train).length === 1);
    assert.equal(editor.document.isDirty, true);
    assert.equal(editor.document.lineCount, 48 + 3 + 1);
  });

  it('fixes all in a file that nobody has open, and saves it', async () => {
    const { test } = project;
    fs.writeFileSync(test, `${rowsFor('test')}\n${trailingComma}`);
    await waitFor('two problems', () => problemsOf(test).length === 2);
    await vscode.commands.executeCommand('temper.fixAllInFile', { file: test });
    await none(test);
    const text = fs.readFileSync(test, 'utf8');
    assert.equal(text, `${rowsFor('test')}${trailingComma.replace(',}', '}')}`);
  });

  it('fixes all of one kind', async () => {
    fs.writeFileSync(train, `${rowsFor('train')}${trailingComma}${trailingComma}\n\n{"text": "x y", "label": "blame"}\n`);
    await show(train);
    await waitFor('two of the kind', () => ofCode(train, 'invalid-json').length === 2);
    const [first] = ofCode(train, 'invalid-json');
    assert.ok(first);
    await apply(await actionAt(train, first.range, /^Fix all 'invalid-json' in this file \(2\)$/));
    await waitFor('those are gone', () => ofCode(train, 'invalid-json').length === 0);
    assert.equal(ofCode(train, 'blank-line').length, 2);
  });

  it('suppresses a problem for one row with a reason, in temper.json', async () => {
    const right = fs.readFileSync(project.config, 'utf8');
    const twins = '{"text": "", "label": "praise"}\n{"text": "", "label": "blame"}\n';
    fs.writeFileSync(train, `${rowsFor('train')}${twins}`);
    await show(train);
    await waitFor('two problems', () => ofCode(train, 'empty-field').length === 2);
    const [first] = ofCode(train, 'empty-field');
    assert.ok(first);
    const { command } = await actionAt(train, first.range, /^Suppress 'empty-field' for this row/);
    const [request] = (command?.arguments ?? []) as object[];
    await vscode.commands.executeCommand(command?.command ?? '', { ...request, reason: 'It is meant to be empty.' });
    const left = await one(train, 'empty-field');
    assert.equal(left.range.start.line, 49);
    const { lint } = JSON.parse(fs.readFileSync(project.config, 'utf8')) as { lint: { suppress: Record<string, string>[] } };
    const [{ row, ...rest } = {}] = lint.suppress;
    assert.match(row ?? '', /^[0-9a-f]{12}$/);
    assert.deepEqual(rest, { code: 'empty-field', file: 'data/train.jsonl', reason: 'It is meant to be empty.' });
    fs.writeFileSync(project.config, right);
    await waitFor('both are back', () => ofCode(train, 'empty-field').length === 2);
  });

  it('suppresses a rule in one file, and not in the others', async () => {
    const right = fs.readFileSync(project.config, 'utf8');
    for (const split of ['train', 'test'] as const) fs.writeFileSync(project[split], `${rowsFor(split)}\n\n`);
    await show(train);
    await waitFor('one there too', () => ofCode(project.test, 'blank-line').length > 0);
    const some = await waitFor('a blank line', () => ofCode(train, 'blank-line')[0]);
    const { command } = await actionAt(train, some.range, /^Suppress 'blank-line' in this file/);
    const [request] = (command?.arguments ?? []) as object[];
    await vscode.commands.executeCommand(command?.command ?? '', { ...request, reason: 'We like air.' });
    await none(train);
    assert.ok(ofCode(project.test, 'blank-line').length > 0);
    fs.writeFileSync(project.config, right);
    await waitFor('it is back', () => ofCode(train, 'blank-line').length > 0);
  });

  const lensesOf = async (file: string) => {
    const lenses = await vscode.commands.executeCommand<vscode.CodeLens[]>(
      'vscode.executeCodeLensProvider',
      vscode.Uri.file(file),
      10,
    );
    return lenses.flatMap(({ command, range }) => (range.start.line === 0 && command ? [command] : []));
  };

  it('has the figures of the file on top of it, and what can be fixed', async () => {
    await show(train);
    const figures = await waitFor('the figures', async () =>
      (await lensesOf(train)).find(({ title }) => title.startsWith('48 rows · 2 labels')),
    );
    assert.match(figures.title, /^48 rows · 2 labels · tokens p50 \d+ · p95 \d+ · max \d+ of 16 · no problems$/);
    assert.equal(figures.command, 'temper.showDatasetReport');
    assert.equal((await lensesOf(train)).length, 1);
    fs.writeFileSync(train, `${rowsFor('train')}${trailingComma}`);
    const fix = await waitFor('the fix', async () => (await lensesOf(train)).find(({ title }) => title === 'Fix 1 problem'));
    assert.match((await lensesOf(train))[0]?.title ?? '', / · 1 error$/);
    await show(train);
    await vscode.commands.executeCommand(fix.command, ...((fix.arguments ?? []) as unknown[]));
    await waitFor('49 rows', async () => (await lensesOf(train))[0]?.title.startsWith('49 rows') === true);
    await none(train);
  });

  it('has no figures on temper.json, nor when they are switched off', async () => {
    await show(project.config);
    assert.deepEqual(await lensesOf(project.config), []);
    await show(train);
    await waitFor('the figures', async () => (await lensesOf(train)).length === 1);
    const settings = vscode.workspace.getConfiguration('temper.lint');
    await settings.update('codeLens', false, vscode.ConfigurationTarget.Global);
    assert.deepEqual(await lensesOf(train), []);
    await settings.update('codeLens', undefined, vscode.ConfigurationTarget.Global);
  });

  const hoverAt = async (file: string, line: number) => {
    const hovers = await vscode.commands.executeCommand<vscode.Hover[]>(
      'vscode.executeHoverProvider',
      vscode.Uri.file(file),
      new vscode.Position(line, 12),
    );
    const texts = hovers.flatMap(({ contents, range }) =>
      contents.flatMap((content) => (content instanceof vscode.MarkdownString ? [{ range, text: content.value }] : [])),
    );
    return texts.find(({ text }) => text.includes('As the model sees it'));
  };

  it('shows a row as the model sees it', async () => {
    const long = JSON.stringify({ text: `**${'a very long sentence '.repeat(12)}**`, label: 'praise' });
    fs.writeFileSync(train, `${rowsFor('train')}${long}\n`);
    await show(train);
    const hover = await waitFor('the hover', () => hoverAt(train, 1));
    assert.match(hover.text, /\d+ tokens, all are read\./);
    assert.match(hover.text, /`great`|`##?gr/);
    assert.match(hover.text, /Label: `praise` \(class 1\)/);
    assert.deepEqual([hover.range?.start.line, hover.range?.end.line], [1, 1]);
    const cut = await waitFor('the other hover', () => hoverAt(train, 48));
    assert.match(cut.text, /\d+ tokens, 16 are read\./);
    assert.match(cut.text, /✂ cut here, \d+ tokens are lost/);
  });

  it('shows none where no row is, nor when it is switched off', async () => {
    await show(train);
    await waitFor('the hover', () => hoverAt(train, 1));
    await show(project.config);
    assert.equal(await hoverAt(project.config, 1), undefined);
    const settings = vscode.workspace.getConfiguration('temper.lint');
    await settings.update('hover', false, vscode.ConfigurationTarget.Global);
    assert.equal(await hoverAt(train, 1), undefined);
    await settings.update('hover', undefined, vscode.ConfigurationTarget.Global);
  });

  it('knows the figures of all files of the project, for the report', async () => {
    await waitFor('all files', async () => {
      const { linter } = await activate();
      const known = linter.results.inProject(project.dir).filter(({ isComplete, split }) => isComplete && split !== undefined);
      return known.length === 4 && known.find(({ split }) => split === 'train')?.summary.rows === 48;
    });
  });
});
