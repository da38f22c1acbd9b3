/**
 * Watches a handful of files, there or not yet there, and says when one of them changed. The set may change. Of a new one
 * it also says that it is there: whoever read it before the watch began cannot know what happened in between.
 */
import { existsSync } from 'node:fs';
import { watch } from 'chokidar';
import { every, Owner } from '../owner';

const lookForMissingMs = 500;

export class FileWatch extends Owner {
  private readonly watcher = watch([], { ignorePermissionErrors: true, depth: 0 });
  private files: ReadonlySet<string> = new Set();
  /** Chokidar may overlook a file that comes while it begins to watch for it: so these are looked for. */
  private readonly missing = new Set<string>();

  constructor(changed: (file: string, isGone: boolean) => void) {
    super();
    this.watcher.on('all', (event, path) => {
      if (!this.files.has(path)) return;
      const isGone = event === 'unlink' || event === 'unlinkDir';
      if (isGone) this.missing.add(path);
      changed(path, isGone);
    });
    this.watcher.on('error', () => undefined); // A file that cannot be watched is still linted when it is saved here.
    this.own({ dispose: () => void this.watcher.close() });
    this.own(every(lookForMissingMs, () => this.addMissing()));
  }

  setFiles(files: ReadonlySet<string>): void {
    const gone = [...this.files].filter((file) => !files.has(file));
    const added = [...files].filter((file) => !this.files.has(file));
    this.files = files;
    for (const file of gone) this.missing.delete(file);
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
}
