/** Which project a command is about: the one it was given, the only one, or the one that is picked. */
import { basename, join } from 'node:path';
import { commands, Uri, window, workspace } from 'vscode';
import type { App } from './app';
import { messages } from './messages';

/** `argument` may be `{ projectDir }`, or the temper.json that a menu was opened on. Offers to create one where there is none. */
export async function pickProject(app: App, argument: unknown, title: string): Promise<string | undefined> {
  const given = readProjectDir(argument);
  if (given !== undefined) return given;
  await app.findProjects();
  const dirs = app.experiments.projectDirs;
  if (dirs.length === 0) void offerNewProject();
  if (dirs.length < 2) return dirs[0];
  const items = dirs.map((dir) => ({ label: basename(dir), description: workspace.asRelativePath(dir), dir }));
  return (await window.showQuickPick(items, { title, placeHolder: messages.pickProject }))?.dir;
}

function readProjectDir(argument: unknown): string | undefined {
  if (argument instanceof Uri) return join(argument.fsPath, '..');
  if (typeof argument !== 'object' || argument === null || !('projectDir' in argument)) return undefined;
  return typeof argument.projectDir === 'string' ? argument.projectDir : undefined;
}

async function offerNewProject(): Promise<void> {
  const text = workspace.workspaceFolders === undefined ? messages.noFolder : messages.noProject;
  const chosen = await window.showInformationMessage(text, messages.newProject);
  if (chosen !== undefined) await commands.executeCommand('temper.newProject');
}
