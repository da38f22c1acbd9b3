/** Temper: Open Run, and what its panel's menu opens: the log, the config as it was, the folder. */
import { existsSync } from 'node:fs';
import { commands, env, UIKind, Uri, window } from 'vscode';
import { runPaths } from '../../runs/paths';
import type { App } from '../app';
import { messages } from '../messages';
import { pickRun } from '../pick-run';
import { openAt } from '../show-failure';

const anyRun = { isWanted: () => true, none: messages.noRuns };

export async function openRun(app: App, argument?: unknown): Promise<void> {
  const run = await pickRun(app, argument, anyRun);
  if (run !== undefined) app.panels.show(run.dir, run.name);
}

export async function openLog(app: App, argument?: unknown): Promise<void> {
  const run = await pickRun(app, argument, anyRun);
  if (run === undefined) return;
  const file = runPaths(run.dir).log;
  if (existsSync(file)) await openAt(file);
  else void window.showInformationMessage(messages.noLog);
}

export async function openConfig(runDir: string): Promise<void> {
  await openAt(runPaths(runDir).record);
}

/** In the system's file manager where there is one, else in the explorer. */
export async function openFolder(runDir: string): Promise<void> {
  const isHere = env.uiKind === UIKind.Desktop && env.remoteName === undefined;
  await commands.executeCommand(isHere ? 'revealFileInOS' : 'revealInExplorer', Uri.file(runDir));
}
