/** "Suppress …" of the lightbulb: asks for the reason and writes it to the project's temper.json. */
import { join, relative, sep } from 'node:path';
import { Uri, window, workspace } from 'vscode';
import { configFileName } from '../../dataset/project';
import { createSuppressEdit } from '../../dataset/lint/suppress-edit';
import type { Problem } from '../../protocol';
import type { Queries } from '../lint-worker/messages';
import { messages } from '../messages';
import { applyEdits } from './workspace-edits';

export const suppressCommand = 'temper.lint.suppress';

export interface SuppressRequest {
  /** Of the project. */
  readonly dir: string;
  readonly file: string;
  readonly problem: Problem;
  /** One row, or every row of the file. */
  readonly scope: 'row' | 'file';
  /** Asked for when absent. */
  readonly reason?: string;
}

/** `fingerprintOf` says which row a problem is about. */
export async function suppress(request: SuppressRequest, fingerprintOf: FingerprintOf): Promise<void> {
  const { dir, file, problem, scope } = request;
  const { code } = problem;
  const reason = request.reason ?? (await askReason(code));
  if (reason === undefined) return;
  const row = scope === 'row' ? await fingerprintOf({ file, problem }) : '';
  const place = { file: relative(dir, file).split(sep).join('/'), ...(row !== '' && { row }) };
  const document = await workspace.openTextDocument(Uri.file(join(dir, configFileName)));
  const edit = createSuppressEdit(document.getText(), { code, ...place, reason });
  if (edit === undefined) throw new Error(messages.configBroken(document.uri.fsPath));
  if (!(await applyEdits(document, [edit]))) throw new Error(messages.cannotFixHere(document.uri.fsPath));
}

type FingerprintOf = (asks: Queries['fingerprint']['asks']) => Promise<string>;

async function askReason(code: string): Promise<string | undefined> {
  const reason = await window.showInputBox({
    title: messages.suppressTitle(code),
    prompt: messages.askReason,
    ignoreFocusOut: true,
    validateInput: (text) => (text.trim() === '' ? messages.reasonEmpty : undefined),
  });
  return reason?.trim();
}
