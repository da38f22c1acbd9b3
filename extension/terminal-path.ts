/** Puts `temper` on the PATH of this window's terminals while the extension is active. */
import { delimiter } from 'node:path';
import { Uri, type ExtensionContext } from 'vscode';

export function putOnTerminalPath({ environmentVariableCollection: variables, extensionUri }: ExtensionContext): void {
  variables.persistent = false;
  variables.description = 'Puts the `temper` command on the PATH.';
  variables.prepend('PATH', `${Uri.joinPath(extensionUri, 'bin').fsPath}${delimiter}`);
  variables.replace('TEMPER_NODE', process.execPath);
}
