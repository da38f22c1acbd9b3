/** Which folders of this window are projects: those with a temper.json. Found at the start, then as files come and go. */
import { dirname } from 'node:path';
import { workspace } from 'vscode';
import { configFileName } from '../dataset/project';
import { Owner } from './owner';
import { Throttle } from './timing';

const pattern = `**/${configFileName}`;
const notThere = '**/{node_modules,.temper,.git}/**';
const mostProjects = 50;

export class Projects extends Owner {
  private readonly use: (dirs: readonly string[]) => Promise<void>;
  private readonly throttle = this.own(new Throttle(200, () => void this.find()));
  private round = 0;

  /** `use` gets all of them, each time that one came or went. */
  constructor(use: (dirs: readonly string[]) => Promise<void>) {
    super();
    this.use = use;
    const watcher = this.own(workspace.createFileSystemWatcher(pattern, false, true, false));
    const look = () => this.throttle.ask();
    this.own(watcher.onDidCreate(look));
    this.own(watcher.onDidDelete(look));
    this.own(workspace.onDidChangeWorkspaceFolders(look));
  }

  async find(): Promise<void> {
    const round = ++this.round;
    const files = await workspace.findFiles(pattern, notThere, mostProjects);
    if (round !== this.round || this.isEnded) return;
    const dirs = files.filter(({ scheme }) => scheme === 'file').map(({ fsPath }) => dirname(fsPath));
    await this.use([...new Set(dirs)].sort());
  }
}
