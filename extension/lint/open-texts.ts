/**
 * Decides of which files the editor's text counts and not the disk's, and tells the linting thread: the text once, then
 * only what changes in it. Knows of the editor only what a document is.
 */
import type { FileResult, HostMessage } from '../lint-worker/messages';
import { hasPlainBytes, isStale, type OpenDocument } from './same-text';

export interface Editor {
  find(file: string): OpenDocument | undefined;
  /** In bytes; `undefined` when it is not there. */
  sizeOnDisk(file: string): number | undefined;
}

export interface DocumentChange {
  readonly rangeOffset: number;
  readonly rangeLength: number;
  readonly text: string;
}

const savedRecentlyMs = 2000;

export class OpenTexts {
  private readonly post: (message: HostMessage) => void;
  private readonly editor: Editor;
  private readonly openEols = new Map<string, number>();
  private readonly onDisk = new Map<string, FileResult>();
  private readonly savedMs = new Map<string, number>();
  private files: ReadonlySet<string> = new Set();

  constructor(post: (message: HostMessage) => void, editor: Editor) {
    this.post = post;
    this.editor = editor;
  }

  /** All that any project reads. */
  setFiles(files: ReadonlySet<string>): void {
    this.files = files;
    for (const file of [...this.openEols.keys(), ...this.onDisk.keys()]) if (!files.has(file)) this.forget(file);
    for (const file of files) this.update(file);
  }

  /** Another project reads them too, and has not heard of them. */
  openAgain(files: readonly string[]): void {
    for (const file of files) if (this.openEols.delete(file)) this.update(file);
  }

  /** The thread knows no text any more. */
  reset(): void {
    this.openEols.clear();
    this.onDisk.clear();
    this.files = new Set();
  }

  linted(result: FileResult): void {
    if (result.version !== undefined) return;
    this.onDisk.set(result.file, result);
    this.update(result.file);
  }

  changed(document: OpenDocument, changes: readonly DocumentChange[]): void {
    const { file, version, eol } = document;
    if (this.openEols.get(file) !== eol) return this.update(file);
    if (changes.length > 0) this.post({ kind: 'edit', file, version, changes: changes.map(toTextChange) });
    else this.update(file);
  }

  opened(file: string): void {
    this.update(file);
  }

  saved(file: string): void {
    this.savedMs.set(file, Date.now());
    this.update(file);
  }

  closed(file: string): void {
    if (this.openEols.delete(file)) this.post({ kind: 'close', file });
  }

  /** What the editor is about to read again, or has just written, is no news to the thread. */
  changedOnDisk(file: string): void {
    if (!this.openEols.has(file)) return this.post({ kind: 'changed', file });
    const wasSavedHere = Date.now() - (this.savedMs.get(file) ?? 0) < savedRecentlyMs;
    if (wasSavedHere || this.editor.find(file)?.isDirty) return;
    this.onDisk.delete(file);
    this.update(file);
  }

  private update(file: string): void {
    const document = this.files.has(file) ? this.editor.find(file) : undefined;
    if (!document || !this.mayCount(document)) return this.closed(file);
    if (this.openEols.get(file) === document.eol) return;
    const text = document.getText();
    if (isStale(document, text, this.editor.sizeOnDisk(file))) return this.closed(file);
    this.openEols.set(file, document.eol);
    this.post({ kind: 'open', file, version: document.version, text });
  }

  /** Text that was changed counts. Other text does when the disk, which must have been read for that, holds the same. */
  private mayCount(document: OpenDocument): boolean {
    if (document.isDirty) return true;
    const known = this.onDisk.get(document.file);
    return known !== undefined && hasPlainBytes(document, known);
  }

  private forget(file: string): void {
    this.closed(file);
    this.onDisk.delete(file);
  }
}

function toTextChange({ rangeOffset, rangeLength, text }: DocumentChange) {
  return { start: rangeOffset, end: rangeOffset + rangeLength, text };
}
