// What the lint suites share: a project of their own in the open folder, and its problems by their code.
import * as fs from 'node:fs';
import * as vscode from 'vscode';
import type { ProblemCode } from '../../../protocol';
import { createLintProject, type LintProject } from '../lint-project';
import { waitFor } from '../wait-until';
import { activate, codeOf, inFolder, problemsOf } from './temper';

export async function openLintProject(name: string, spoken: readonly ProblemCode[], maxLength?: number): Promise<LintProject> {
  await activate();
  const project = createLintProject(inFolder(name), spoken, maxLength);
  const { experiments } = await activate();
  await waitFor('the project is found', () => experiments.projectDirs.includes(project.dir));
  return project;
}

export async function removeLintProject({ dir }: LintProject): Promise<void> {
  await closeAll();
  fs.rmSync(dir, { recursive: true, force: true });
  const { experiments } = await activate();
  await waitFor('the project is forgotten', () => !experiments.projectDirs.includes(dir));
}

export function ofCode(file: string, code: ProblemCode): vscode.Diagnostic[] {
  return problemsOf(file).filter((problem) => codeOf(problem) === code);
}

/** The only problem of this code, once there is exactly one. */
export function one(file: string, code: ProblemCode): Promise<vscode.Diagnostic> {
  return waitFor(`one ${code} in ${file}`, () => ofCode(file, code).length === 1 && ofCode(file, code)[0]);
}

export function none(file: string): Promise<boolean> {
  return waitFor(`no problem in ${file}`, () => problemsOf(file).length === 0);
}

/** Into the report of the tests, beside their names. */
export function say(text: string): void {
  const file = process.env['TEMPER_HOST_REPORT'];
  if (file) fs.appendFileSync(file, `      ${text}\n`);
}

/** From 0, as the editor counts. */
export function rangeOf({ range: { start, end } }: vscode.Diagnostic): number[] {
  return [start.line, start.character, end.line, end.character];
}

/** The documents live on for minutes, in silence. */
export async function closeAll(): Promise<void> {
  await vscode.commands.executeCommand('workbench.action.revertAndCloseActiveEditor');
  await vscode.commands.executeCommand('workbench.action.closeAllEditors');
}

/** The editor's own watcher now and then overlooks a write: then it is told to read the file again. */
export async function show(file: string): Promise<vscode.TextEditor> {
  const editor = await vscode.window.showTextDocument(await vscode.workspace.openTextDocument(file));
  const size = fs.statSync(file).size;
  const began = Date.now();
  // A byte that is no text is shown by a character of three.
  const isRead = () => editor.document.isDirty || Math.abs(Buffer.byteLength(editor.document.getText()) - size) < 3;
  await waitFor('the editor has read the file', async () => {
    if (!isRead() && Date.now() - began > 2000) await vscode.commands.executeCommand('workbench.action.files.revert');
    return isRead();
  });
  return editor;
}
