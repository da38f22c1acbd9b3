/** Temper: Fix All in File. Makes every change that cannot be wrong; one undo takes it back. */
import { basename } from 'node:path';
import { Uri, window, workspace, type TextDocument } from 'vscode';
import type { App } from '../app';
import type { LintResults } from '../lint/lint-results';
import { isLintedText } from '../lint/open-document';
import { countFixable } from '../lint/plan-fixes';
import { applyEdits } from '../lint/workspace-edits';
import { messages } from '../messages';

/** `argument` may name the file: `{ file }`. Otherwise it is the one in the active editor, or one that is picked. */
export async function fixAllInFile(app: App, argument?: unknown): Promise<void> {
  const { results } = app.linter;
  const file = readFile(argument) ?? activeFile(results) ?? (await pickFile(results));
  if (file === undefined) return;
  const document = await openDocument(file);
  const result = results.of(file);
  if (!document || !result) return void window.showWarningMessage(messages.cannotFixHere(file));
  if (!isLintedText(document, result)) return void window.showWarningMessage(messages.cannotFixNow(basename(file)));
  const { version } = document;
  const edits = await app.linter.ask('safe-fixes', { file });
  if (edits.length === 0) return void window.showInformationMessage(messages.nothingToFixIn(basename(file)));
  if (version !== document.version) return void window.showWarningMessage(messages.cannotFixNow(basename(file)));
  if (!(await applyEdits(document, edits))) return void window.showWarningMessage(messages.cannotFixHere(file));
  window.setStatusBarMessage(messages.fixed(edits.length, basename(file)), 5000);
}

function readFile(argument: unknown): string | undefined {
  if (argument instanceof Uri) return argument.fsPath;
  if (typeof argument !== 'object' || argument === null || !('file' in argument)) return undefined;
  return typeof argument.file === 'string' ? argument.file : undefined;
}

function activeFile(results: LintResults): string | undefined {
  const uri = window.activeTextEditor?.document.uri;
  return uri?.scheme === 'file' && results.of(uri.fsPath) ? uri.fsPath : undefined;
}

async function pickFile(results: LintResults): Promise<string | undefined> {
  const fixable = results.files.flatMap((file) => results.of(file) ?? []).filter((result) => countFixable(result) > 0);
  if (fixable.length === 0) void window.showInformationMessage(messages.nothingToFix);
  if (fixable.length === 0) return undefined;
  const items = fixable.map((result) => ({
    label: workspace.asRelativePath(result.file),
    description: messages.fixProblems(countFixable(result), true),
    file: result.file,
  }));
  return (await window.showQuickPick(items, { title: messages.fixAllTitle, placeHolder: messages.pickFileToFix }))?.file;
}

/** The editor refuses what is too large for it. */
async function openDocument(file: string): Promise<TextDocument | undefined> {
  return workspace.openTextDocument(Uri.file(file)).then(undefined, () => undefined);
}
