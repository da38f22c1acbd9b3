/** What runs Temper's command line for the editor: a Node, and our bundle. Nothing here starts anything. */
import { join } from 'node:path';

export interface Runtime {
  readonly nodePath: string;
  readonly cliFile: string;
  /** Where accelerators are installed. */
  readonly storageDir?: string;
}

/** `nodePath` empty: the editor's own Node, which Electron becomes when ELECTRON_RUN_AS_NODE is set. */
export function createRuntime(extensionDir: string, nodePath: string, storageDir: string): Runtime {
  const cliFile = join(extensionDir, 'dist', 'temper.cjs');
  return { nodePath: nodePath === '' ? process.execPath : nodePath, cliFile, storageDir };
}

/** The child is a program of its own: what the editor set for its own processes must not reach it. */
export function createChildEnvironment({ storageDir }: Pick<Runtime, 'storageDir'>): NodeJS.ProcessEnv {
  const inherited = Object.entries(process.env).filter(([name]) => !name.startsWith('VSCODE_'));
  const storage = storageDir === undefined ? {} : { TEMPER_ACCELERATION_DIR: storageDir }; // unless the user names another
  return { ...storage, ...Object.fromEntries(inherited), ELECTRON_RUN_AS_NODE: '1' };
}
