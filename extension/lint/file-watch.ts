/**
 * Watches a handful of files, there or not yet there, and says when one of them changed. The set may change. Of a new one
 * it also says that it is there: whoever read it before the watch began cannot know what happened in between.
 */
import { watch } from 'chokidar';
import { Owner } from '../owner';

export class FileWatch extends Owner {
  private readonly watcher = watch([], { ignorePermissionErrors: true, depth: 0 });
  private files: ReadonlySet<string> = new Set();

  constructor(changed: (file: string) => void) {
    super();
    this.watcher.on('all', (_event, path) => {
      if (this.files.has(path)) changed(path);
    });
    this.watcher.on('error', () => undefined); // A file that cannot be watched is still linted when it is saved here.
    this.own({ dispose: () => void this.watcher.close() });
  }

  setFiles(files: ReadonlySet<string>): void {
    const gone = [...this.files].filter((file) => !files.has(file));
    const added = [...files].filter((file) => !this.files.has(file));
    this.files = files;
    if (gone.length > 0) this.watcher.unwatch(gone);
    if (added.length > 0) this.watcher.add(added);
  }
}
