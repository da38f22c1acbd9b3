/** Restricted Mode: a folder's config says which model and files to read, so nothing of it runs before it is trusted. */
import { commands, window, workspace } from 'vscode';
import { messages } from './messages';

/** False after telling the user why not. */
export function isTrusted(): boolean {
  if (workspace.isTrusted) return true;
  void askForTrust();
  return false;
}

async function askForTrust(): Promise<void> {
  const chosen = await window.showWarningMessage(messages.untrusted, messages.manageTrust);
  if (chosen !== undefined) await commands.executeCommand('workbench.trust.manage');
}
