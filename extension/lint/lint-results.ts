/** The newest that is known of each file. A file that two projects share is shown as the first of them sees it. */
import type { FileResult } from '../lint-worker/messages';
import { Owner } from '../owner';
import { Signal } from '../signal';

/**
 * What rules of whole files find comes later than what rows say. For so long after a change the old findings stay, so that
 * they do not vanish and come back.
 */
const settleMs = 150;

interface Pending {
  readonly result: FileResult;
  readonly timer: NodeJS.Timeout;
}

export class LintResults extends Owner {
  /** Says the file. */
  readonly changed = this.own(new Signal<string>());
  private readonly projects = new Map<string, Map<string, FileResult>>();
  private readonly pending = new Map<string, Pending>();

  constructor() {
    super();
    this.own({ dispose: () => [...this.pending.keys()].forEach((key) => this.drop(key)) });
  }

  get files(): string[] {
    return [...new Set([...this.projects.values()].flatMap((results) => [...results.keys()]))];
  }

  of(file: string): FileResult | undefined {
    for (const results of this.projects.values()) {
      const result = results.get(file);
      if (result) return result;
    }
    return undefined;
  }

  inProject(dir: string): FileResult[] {
    return [...(this.projects.get(dir)?.values() ?? [])];
  }

  add(result: FileResult): void {
    const key = keyOf(result.dir, result.file);
    const before = this.projects.get(result.dir)?.get(result.file);
    if (result.isComplete || !before?.isComplete) {
      this.drop(key);
      return this.show(result);
    }
    const timer = this.pending.get(key)?.timer ?? setTimeout(() => this.showPending(key), settleMs);
    this.pending.set(key, { result, timer });
  }

  /** It is not there any more. */
  forget(file: string): void {
    for (const dir of this.projects.keys()) this.forgetIn(dir, file);
  }

  /** Of this project only these files are left. */
  keepOnly(dir: string, files: ReadonlySet<string>): void {
    for (const file of [...(this.projects.get(dir)?.keys() ?? [])]) if (!files.has(file)) this.forgetIn(dir, file);
  }

  keepOnlyProjects(dirs: readonly string[]): void {
    for (const dir of [...this.projects.keys()]) {
      if (dirs.includes(dir)) continue;
      this.keepOnly(dir, new Set());
      this.projects.delete(dir);
    }
  }

  /** Everything that is known to be on its way is shown now. */
  settle(dir: string): void {
    for (const [key, { result }] of [...this.pending]) if (result.dir === dir) this.showPending(key);
  }

  private showPending(key: string): void {
    const waiting = this.pending.get(key);
    this.drop(key);
    if (waiting) this.show(waiting.result);
  }

  private show(result: FileResult): void {
    const results = this.projects.get(result.dir) ?? new Map<string, FileResult>();
    this.projects.set(result.dir, results);
    results.set(result.file, result);
    this.changed.fire(result.file);
  }

  private forgetIn(dir: string, file: string): void {
    this.drop(keyOf(dir, file));
    if (this.projects.get(dir)?.delete(file)) this.changed.fire(file);
  }

  private drop(key: string): void {
    clearTimeout(this.pending.get(key)?.timer);
    this.pending.delete(key);
  }
}

function keyOf(dir: string, file: string): string {
  return `${dir}\n${file}`;
}
