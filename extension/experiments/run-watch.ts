/** Watches one project's run folders and says which of them changed, at most every `delayMs`. */
import { watch } from 'chokidar';
import { Owner } from '../owner';
import { Throttle } from '../timing';
import { isWatched, runDirOf } from './watched-paths';

/** `runDirs` are those that changed; `list` is true when a run may have come or gone. */
export interface RunsTouched {
  readonly runDirs: readonly string[];
  readonly list: boolean;
}

export class RunWatch extends Owner {
  private readonly projectDir: string;
  private readonly touched: (change: RunsTouched) => void;
  private readonly throttle: Throttle;
  private changedDirs = new Set<string>();
  private listChanged = false;

  constructor(projectDir: string, touched: (change: RunsTouched) => void, delayMs = 200) {
    super();
    this.projectDir = projectDir;
    this.touched = touched;
    this.throttle = this.own(new Throttle(delayMs, () => this.report()));
    const watcher = watch(projectDir, {
      ignored: (path) => !isWatched(projectDir, path),
      ignoreInitial: true,
      ignorePermissionErrors: true,
      followSymlinks: false,
      depth: 5,
    });
    watcher.on('all', (event, path) => this.add(event, path));
    watcher.on('error', () => this.add('change', projectDir)); // The watch goes on; the list is read again to be sure.
    this.own({ dispose: () => void watcher.close() });
  }

  private add(event: string, path: string): void {
    const runDir = runDirOf(this.projectDir, path);
    if (runDir !== undefined) this.changedDirs.add(runDir);
    if (runDir === undefined || event !== 'change') this.listChanged = true;
    this.throttle.ask();
  }

  private report(): void {
    const change = { runDirs: [...this.changedDirs], list: this.listChanged };
    this.changedDirs = new Set();
    this.listChanged = false;
    if (!this.isEnded) this.touched(change);
  }
}
