/** Temper: Show Problems. The editor's own Problems view, with ours in it. */
import { commands } from 'vscode';

export async function showProblems(): Promise<void> {
  await commands.executeCommand('workbench.actions.view.problems');
}
