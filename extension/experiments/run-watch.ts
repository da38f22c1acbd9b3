/**
 * Watches one project's run folders and says which of them changed, at most every `delayMs`. chokidar reads a new folder
 * before it watches it, and what is made in between it never sees: so we look again when a folder is a moment old, and name
 * the folders that we know of ourselves.
 */
import { watch } from 'chokidar';
import { Owner } from '../owner';
import { Debounce, Throttle } from '../timing';
import { isWatched, runDirOf } from './watched-paths';

/** `runDirs` are those that changed; `list` is true when a run may have come or gone. */
export interface RunsTouched {
  readonly runDirs: readonly string[];
  readonly list: boolean;
}

const settledMs = 1000;

export class RunWatch extends Owner {
  private readonly projectDir: string;
  private readonly touched: (change: RunsTouched) => void;
  private readonly throttle: Throttle;
  private readonly settled: Debounce;
  private readonly watcher;
  private readonly followed = new Set<string>();
  private readonly newDirs = new Set<string>();
  private changedDirs = new Set<string>();
  private listChanged = false;

  constructor(projectDir: string, touched: (change: RunsTouched) => void, delayMs = 200) {
    super();
    this.projectDir = projectDir;
    this.touched = touched;
    this.throttle = this.own(new Throttle(delayMs, () => this.report()));
    this.settled = this.own(new Debounce(settledMs, () => this.lookAgain()));
    this.watcher = watch(projectDir, {
      ignored: (path) => !isWatched(projectDir, path),
      ignoreInitial: true,
      ignorePermissionErrors: true,
      followSymlinks: false,
      depth: 5,
    });
    this.watcher.on('all', (event, path) => this.add(event, path));
    this.watcher.on('ready', () => this.add('ready', projectDir));
    this.watcher.on('error', () => this.add('error', projectDir)); // The watch goes on; the list is read again to be sure.
    this.own({ dispose: () => void this.watcher.close() });
  }

  /** Makes sure that these are watched, however they came. */
  follow(runDirs: readonly string[]): void {
    const unknown = runDirs.filter((dir) => !this.followed.has(dir));
    for (const dir of unknown) this.followed.add(dir);
    if (unknown.length > 0 && !this.isEnded) this.watcher.add(unknown);
  }

  private add(event: string, path: string): void {
    const runDir = runDirOf(this.projectDir, path);
    if (runDir !== undefined) this.changedDirs.add(runDir);
    if (runDir === undefined || event !== 'change') this.listChanged = true;
    if (event === 'addDir') this.newDirs.add(path);
    if (event === 'addDir') this.settled.ask();
    this.throttle.ask();
  }

  private lookAgain(): void {
    for (const dir of this.newDirs) this.add('look', dir);
    this.newDirs.clear();
  }

  private report(): void {
    const change = { runDirs: [...this.changedDirs], list: this.listChanged };
    this.changedDirs = new Set();
    this.listChanged = false;
    if (!this.isEnded) this.touched(change);
  }
}
