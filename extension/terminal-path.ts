/** Puts `temper` on the PATH of this window's terminals while the extension is active. */
import { delimiter } from 'node:path';
import { Uri, type ExtensionContext } from 'vscode';

export function putOnTerminalPath(context: ExtensionContext): void {
  const { environmentVariableCollection: variables, extensionUri, globalStorageUri } = context;
  variables.persistent = false;
  variables.description = 'Puts the `temper` command on the PATH.';
  variables.prepend('PATH', `${Uri.joinPath(extensionUri, 'bin').fsPath}${delimiter}`);
  variables.replace('TEMPER_NODE', process.execPath);
  if (process.env['TEMPER_ACCELERATION_DIR'] === undefined) variables.replace('TEMPER_ACCELERATION_DIR', globalStorageUri.fsPath); // what is installed there, `temper` finds as well
}
