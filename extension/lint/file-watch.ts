/**
 * Watches a handful of files, there or not yet there, and says when one of them changed. The set may change. Of a new one
 * it also says that it is there: whoever read it before the watch began cannot know what happened in between.
 */
import { existsSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { watch, type FSWatcher } from 'chokidar';
import { every, Owner } from '../owner';

const lookForMissingMs = 500;
/** Some disks tell nobody what happens on them: those of other machines, of WSL, of a system with too many watches. */
const lookAtAllMs = 2000;

export class FileWatch extends Owner {
  private readonly watcher: FSWatcher;
  /** Time and size of each file when it was last looked at. */
  private readonly stamps = new Map<string, string>();
  private files: ReadonlySet<string> = new Set();
  /** Chokidar may overlook a file that comes while it begins to watch for it: so these are looked for. */
  private readonly missing = new Set<string>();

  private readonly changed: (file: string, isGone: boolean) => void;

  constructor(
    changed: (file: string, isGone: boolean) => void,
    watcher: FSWatcher = watch([], { ignorePermissionErrors: true, depth: 0 }),
  ) {
    super();
    this.changed = changed;
    this.watcher = watcher;
    this.watcher.on('all', (event, path) => {
      if (!this.files.has(path)) return;
      const isGone = event === 'unlink' || event === 'unlinkDir';
      if (isGone) this.missing.add(path);
      changed(path, isGone);
    });
    this.watcher.on('error', () => undefined); // A file that cannot be watched is still linted when it is saved here.
    this.own({ dispose: () => void this.watcher.close() });
    this.own(every(lookForMissingMs, () => this.addMissing()));
    this.own(every(lookAtAllMs, () => void this.lookAtAll()));
  }

  setFiles(files: ReadonlySet<string>): void {
    const gone = [...this.files].filter((file) => !files.has(file));
    const added = [...files].filter((file) => !this.files.has(file));
    this.files = files;
    for (const file of gone) this.missing.delete(file);
    for (const file of gone) this.stamps.delete(file);
    for (const file of added) this.missing.add(file);
    if (gone.length > 0) this.watcher.unwatch(gone);
    this.addMissing();
  }

  /** Chokidar says of each that it is there. */
  private addMissing(): void {
    for (const file of this.missing) {
      if (!existsSync(file)) continue;
      this.missing.delete(file);
      this.watcher.add(file);
    }
  }

  private async lookAtAll(): Promise<void> {
    for (const file of this.files) {
      const found = await stat(file).catch(() => undefined);
      const stamp = found ? `${found.mtimeMs} ${found.size}` : 'none';
      const before = this.stamps.get(file);
      if (this.files.has(file)) this.stamps.set(file, stamp);
      if (before !== undefined && before !== stamp && !this.isEnded) this.changed(file, found === undefined);
    }
  }
}
