/** Turns chunks of bytes into whole lines. It cuts at newline bytes before decoding, so no character is ever halved. */

const newline = 0x0a;

export class LineSplitter {
  #rest: Buffer[] = [];

  /** The lines that `chunk` completes, without their ends. An unterminated last line waits for the next chunk. */
  push(chunk: Uint8Array): string[] {
    const bytes = Buffer.from(chunk); // copied: callers reuse their buffer
    const lines: string[] = [];
    let start = 0;
    for (let end = bytes.indexOf(newline); end >= 0; end = bytes.indexOf(newline, start)) {
      lines.push(Buffer.concat([...this.#rest, bytes.subarray(start, end)]).toString('utf8'));
      this.#rest = [];
      start = end + 1;
    }
    if (start < bytes.length) this.#rest.push(bytes.subarray(start));
    return lines;
  }

  /** Forgets the unterminated line: the file was replaced. */
  reset(): void {
    this.#rest = [];
  }
}

/** `undefined` for what is not JSON. */
export function parseJsonLine(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined; // a torn line; the caller counts it
  }
}
