/** control.ndjson: what the editor and the command line ask of a running trainer. They append, the trainer reads. */
import { closeSync, openSync, readSync, statSync } from 'node:fs';
import { parseControlRequest, type ControlRequest } from '../protocol';
import { LineSplitter, parseJsonLine } from './line-splitter';
import { runPaths } from './paths';
import { appendLine } from './write-atomically';

export async function requestControl(runDir: string, request: ControlRequest): Promise<void> {
  await appendLine(runPaths(runDir).control, JSON.stringify(request));
}

/** The trainer's ear. Synchronous, because it listens between two steps; when nothing is new it costs one stat. */
export class ControlInbox {
  readonly #file: string;
  readonly #lines = new LineSplitter();
  #offset: number;

  /** `from` is `end` for a resumed run: the `stop` that ended it the last time is still in the file. */
  constructor(runDir: string, from: 'start' | 'end' = 'start') {
    this.#file = runPaths(runDir).control;
    this.#offset = from === 'end' ? sizeOf(this.#file) : 0;
  }

  /** What was asked since the last call, in order. Lines that are not a request are passed over. */
  readNew(): ControlRequest[] {
    const size = sizeOf(this.#file);
    if (size < this.#offset) this.#startOver();
    if (size === this.#offset) return [];
    const bytes = readBetween(this.#file, this.#offset, size);
    this.#offset += bytes.length;
    return this.#lines.push(bytes).flatMap((line) => parseControlRequest(parseJsonLine(line)) ?? []);
  }

  #startOver(): void {
    this.#offset = 0;
    this.#lines.reset();
  }
}

function sizeOf(file: string): number {
  return statSync(file, { throwIfNoEntry: false })?.size ?? 0;
}

function readBetween(file: string, start: number, end: number): Uint8Array {
  const fd = openSync(file, 'r');
  try {
    const bytes = new Uint8Array(end - start);
    return bytes.subarray(0, readSync(fd, bytes, 0, bytes.length, start));
  } finally {
    closeSync(fd);
  }
}
