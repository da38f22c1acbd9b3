/**
 * Keeps one project linted: takes what the editor and the disk say, waits for quiet, lints what changed and says what is
 * new. What comes while it lints makes it leave off and go on later.
 */
import type { LintedFile, RowAtPlace, TextChange } from '../../dataset/lint/linted-file';
import type { Problem, TextEdit } from '../../protocol';
import { Owner } from '../owner';
import { Debounce } from '../timing';
import type { FileResult, ThreadMessage } from './messages';

/** The part of a `LintSession` that is used here. */
export interface Session {
  readonly files: ReadonlySet<string>;
  open(file: string, text: string): void;
  edit(file: string, changes: readonly TextChange[]): void;
  close(file: string): void;
  changed(file: string): void;
  run(): AsyncGenerator<LintedFile>;
  rowAt(file: string, line: number, column: number): RowAtPlace | undefined;
  safeFixes(file: string): readonly TextEdit[];
}

export const quietMs = 100;

/** For the log. */
export function describeFault(thrown: unknown): string {
  return thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown);
}

export class ProjectLinting extends Owner {
  readonly dir: string;
  readonly session: Session;
  private readonly post: (message: ThreadMessage) => void;
  private readonly pause = this.own(new Debounce(quietMs, () => void this.run()));
  private readonly versions = new Map<string, number>();
  private readonly newest = new Map<string, LintedFile>();
  private readonly said = new Map<string, string>();
  private saidFiles = '';
  private isRunning = false;
  private isStale = false;

  constructor(dir: string, session: Session, post: (message: ThreadMessage) => void) {
    super();
    this.dir = dir;
    this.session = session;
    this.post = (message) => !this.isEnded && post(message);
    void this.run();
  }

  open(file: string, version: number, text: string): void {
    this.versions.set(file, version);
    this.session.open(file, text);
    this.ask();
  }

  /** Of a file that was not opened here, for instance since the project came later: nothing. */
  edit(file: string, version: number, changes: readonly TextChange[]): void {
    if (!this.versions.has(file)) return;
    this.versions.set(file, version);
    this.session.edit(file, changes);
    this.ask();
  }

  close(file: string): void {
    if (!this.versions.delete(file)) return;
    this.session.close(file);
    this.ask();
  }

  changed(file: string): void {
    this.session.changed(file);
    this.ask();
  }

  /** Empty when nothing is known of the file. */
  fingerprintOf(file: string, problem: Problem): string {
    return this.newest.get(file)?.fingerprintOf(problem) ?? '';
  }

  /** Those that training rows have, in the order of a run; the config may name others. */
  labels(): string[] | undefined {
    const train = [...this.newest.values()].find(({ split }) => split === 'train');
    return train?.summary.labels.map(({ label }) => label).sort();
  }

  private ask(): void {
    this.isStale = true;
    this.pause.ask();
  }

  private async run(): Promise<void> {
    if (this.isRunning) return this.pause.ask();
    this.isRunning = true;
    this.isStale = false;
    try {
      await this.lint();
    } catch (thrown) {
      this.post({ kind: 'failed', dir: this.dir, detail: describeFault(thrown) });
    }
    this.isRunning = false;
  }

  private async lint(): Promise<void> {
    const versions = new Map(this.versions);
    this.sayFiles();
    for await (const linted of this.session.run()) {
      this.sayFiles();
      this.newest.set(linted.file, linted);
      this.say(this.toResult(linted, versions.get(linted.file)));
      if (this.isStale || this.isEnded) return;
    }
    this.sayFiles();
    if (!this.isStale) this.post({ kind: 'rested', dir: this.dir });
  }

  private sayFiles(): void {
    const files = [...this.session.files].sort();
    const said = files.join('\n');
    if (said === this.saidFiles) return;
    this.saidFiles = said;
    this.post({ kind: 'files', dir: this.dir, files });
  }

  /** Rules of whole files report one after the other, and mostly nothing new: only the last of them is said then. */
  private say(result: FileResult): void {
    const { file, version, problems, isComplete } = result;
    const words = JSON.stringify([version, problems]);
    if (!isComplete && this.said.get(file) === words) return;
    this.said.set(file, words);
    this.post({ kind: 'linted', result });
  }

  /** Without the function, which cannot be cloned. */
  private toResult({ file, split, format, shape, problems, summary, isComplete }: LintedFile, version?: number): FileResult {
    const known = { ...(format && { format }), ...(shape && { shape }), ...(version !== undefined && { version }) };
    return { file, split, problems, summary, isComplete, dir: this.dir, ...known };
  }
}
