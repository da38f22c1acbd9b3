/** Temper: Delete Run. Into the trash where there is one; never while it runs. */
import { Uri, window, workspace } from 'vscode';
import type { App } from '../app';
import type { FollowedRun } from '../experiments/followed-run';
import { messages } from '../messages';
import { pickRun } from '../pick-run';

export async function deleteRun(app: App, argument?: unknown): Promise<void> {
  const run = await pickRun(app, argument, { isWanted: ({ isActive }) => !isActive, none: messages.noRuns });
  if (run === undefined) return;
  if (run.isActive) {
    void window.showWarningMessage(messages.deleteRunning(run.name));
    return;
  }
  const isSure = await confirm(messages.confirmDelete(run.name), messages.moveToTrash);
  if (!isSure || !(await remove(run))) return;
  app.panels.close(run.dir);
  await app.experiments.rescan(run.projectDir);
}

async function remove(run: FollowedRun): Promise<boolean> {
  const folder = Uri.file(run.dir);
  try {
    await workspace.fs.delete(folder, { recursive: true, useTrash: true });
    return true;
  } catch {
    // Servers have no trash, and say so only when asked to use it.
    if (!(await confirm(messages.cannotTrash(run.name), messages.deleteForGood))) return false;
    await workspace.fs.delete(folder, { recursive: true, useTrash: false });
    return true;
  }
}

async function confirm(text: string, action: string): Promise<boolean> {
  return (await window.showWarningMessage(text, { modal: true }, action)) === action;
}
