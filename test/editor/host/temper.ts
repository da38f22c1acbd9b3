// The extension under test, as it runs in this host, and the folder that is open in its window.
import * as path from 'node:path';
import * as vscode from 'vscode';
import type { TemperApi } from '../../../extension/extension';

export function extension(): vscode.Extension<TemperApi> {
  const found = vscode.extensions.getExtension<TemperApi>('temper.temper');
  if (!found) throw new Error('The extension temper.temper is not installed in this host.');
  return found;
}

/** Resolves when it has read what is in the window. */
export async function activate(): Promise<TemperApi> {
  const temper = await extension().activate();
  await temper.ready;
  return temper;
}

export function openFolder(): string {
  const [folder] = vscode.workspace.workspaceFolders ?? [];
  if (!folder) throw new Error('No folder is open.');
  return folder.uri.fsPath;
}

/** Ours, in the order of the file. */
export function problemsOf(file: string): vscode.Diagnostic[] {
  const ours = vscode.languages.getDiagnostics(vscode.Uri.file(file)).filter(({ source }) => source === 'temper');
  return ours.sort((a, b) => a.range.start.compareTo(b.range.start));
}

/** A new folder in the one that is open, which the test removes itself. */
export function inFolder(...names: string[]): string {
  return path.join(openFolder(), ...names);
}

export function codeOf({ code }: vscode.Diagnostic): string | number | undefined {
  return typeof code === 'object' ? code.value : code;
}
