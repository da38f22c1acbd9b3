/** Which folders of this window are projects: those with a temper.json. Found at the start, then as files come and go. */
import { basename, dirname, sep } from 'node:path';
import { stat } from 'node:fs/promises';
import { workspace, type Uri } from 'vscode';
import { configFileName } from '../dataset/project';
import { Owner } from './owner';
import { Throttle } from './timing';

const pattern = `**/${configFileName}`;
const notThere = '**/{node_modules,.temper,.git}/**';
const uninteresting = /[\\/](node_modules|\.temper|\.git)([\\/]|$)/;
const mostProjects = 50;

export class Projects extends Owner {
  private readonly use: (dirs: readonly string[]) => Promise<void>;
  private readonly throttle = this.own(new Throttle(200, () => void this.find()));
  private known: readonly string[] = [];
  private round = 0;

  /** `use` gets all of them, each time that one came or went. */
  constructor(use: (dirs: readonly string[]) => Promise<void>) {
    super();
    this.use = use;
    // Of a folder that comes or goes as a whole the editor names only the folder, so every path has to be looked at.
    const watcher = this.own(workspace.createFileSystemWatcher('**/*', false, true, false));
    this.own(watcher.onDidCreate((uri) => void this.lookAtNew(uri)));
    this.own(watcher.onDidDelete((uri) => this.lookAtDeleted(uri)));
    this.own(workspace.onDidChangeWorkspaceFolders(() => this.throttle.ask()));
  }

  async find(): Promise<void> {
    const round = ++this.round;
    const files = await workspace.findFiles(pattern, notThere, mostProjects);
    if (round !== this.round || this.isEnded) return;
    const dirs = files.filter(({ scheme }) => scheme === 'file').map(({ fsPath }) => dirname(fsPath));
    this.known = [...new Set(dirs)].sort();
    await this.use(this.known);
  }

  private async lookAtNew({ fsPath }: Uri): Promise<void> {
    if (uninteresting.test(fsPath)) return;
    const isConfig = basename(fsPath) === configFileName;
    const mayHoldConfig = isConfig || (await stat(fsPath).catch(() => undefined))?.isDirectory() === true;
    if (mayHoldConfig) this.throttle.ask();
  }

  private lookAtDeleted({ fsPath }: Uri): void {
    const isOurs = basename(fsPath) === configFileName || this.known.some((dir) => `${dir}${sep}`.startsWith(`${fsPath}${sep}`));
    if (isOurs) this.throttle.ask();
  }
}
