/** The reading end of events.ndjson: gives what was appended since the last look, however the writer's chunks fell. */
import { open, type FileHandle } from 'node:fs/promises';
import { parseRunEvent, type RunEvent } from '../protocol';
import { LineSplitter, parseJsonLine } from './line-splitter';
import { isMissing } from './paths';

/** Small enough that a long log is parsed in slices between which the editor can breathe. */
const chunkBytes = 256 * 1024;

export class EventTail {
  readonly #file: string;
  readonly #lines = new LineSplitter();
  #offset = 0;
  #inode = 0;
  #skippedLines = 0;
  #reading: Promise<unknown> = Promise.resolve();

  constructor(file: string) {
    this.#file = file;
  }

  /** Terminated lines that were not an event: torn by a crash, or of a kind that only a newer version knows. */
  get skippedLines(): number {
    return this.#skippedLines;
  }

  /**
   * New events in file order; none when there is no file yet. After the file was truncated or replaced it starts over,
   * and its events come again. Calls may overlap: each waits for the one before.
   */
  readNew(): Promise<RunEvent[]> {
    const read = this.#reading.then(() => this.#read());
    this.#reading = read.catch(() => undefined); // whoever asked gets the error; the next call tries again
    return read;
  }

  async #read(): Promise<RunEvent[]> {
    const file = await openIfThere(this.#file);
    if (file === undefined) {
      this.#startOver(0);
      return [];
    }
    try {
      const { size, ino } = await file.stat();
      if (ino !== this.#inode || size < this.#offset) this.#startOver(ino);
      return await this.#readUpTo(file, size);
    } finally {
      await file.close();
    }
  }

  async #readUpTo(file: FileHandle, size: number): Promise<RunEvent[]> {
    const events: RunEvent[] = [];
    const chunk = new Uint8Array(Math.min(chunkBytes, Math.max(0, size - this.#offset)));
    while (this.#offset < size) {
      const { bytesRead } = await file.read(chunk, 0, Math.min(chunk.length, size - this.#offset), this.#offset);
      if (bytesRead === 0) break;
      this.#offset += bytesRead;
      for (const line of this.#lines.push(chunk.subarray(0, bytesRead))) this.#parseInto(events, line);
    }
    return events;
  }

  #parseInto(events: RunEvent[], line: string): void {
    if (line.trim() === '') return;
    const event = parseRunEvent(parseJsonLine(line));
    if (event === undefined) this.#skippedLines++;
    else events.push(event);
  }

  #startOver(inode: number): void {
    this.#inode = inode;
    this.#offset = 0;
    this.#skippedLines = 0;
    this.#lines.reset();
  }
}

async function openIfThere(file: string): Promise<FileHandle | undefined> {
  try {
    return await open(file, 'r');
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}
