/** The text of a data file: from the disk in pieces, in bounded memory, or from bytes that are in the memory already. */
import { open, stat } from 'node:fs/promises';
import type { EncodingName } from '../../protocol';
import { createTextReader, type TextReader, type TextSummary } from './text-reader';

const chunkBytes = 4 * 2 ** 20;

/**
 * Pieces of text, none of them empty; afterwards `reader.summarize()` says what was wrong with them.
 * @throws what Node throws when the file cannot be opened or read, and the signal's reason
 */
export async function* readTextFile(file: string, reader: TextReader, signal?: AbortSignal): AsyncGenerator<string, void, void> {
  for await (const bytes of readChunks(file, signal)) {
    const text = reader.push(bytes);
    if (text !== '') yield text;
  }
  const rest = reader.end();
  if (rest !== '') yield rest;
}

/** Every chunk is the same memory: it is over when the next one is asked for. */
async function* readChunks(file: string, signal: AbortSignal | undefined): AsyncGenerator<Uint8Array, void, void> {
  if (!(await stat(file)).isFile()) throw new Error('it is not a file'); // a pipe would be waited for
  const handle = await open(file);
  try {
    const buffer = Buffer.allocUnsafe(Math.min(chunkBytes, (await handle.stat()).size + 1));
    for (;;) {
      signal?.throwIfAborted();
      const { bytesRead } = await handle.read(buffer, 0, buffer.length, null);
      if (bytesRead === 0) return;
      yield buffer.subarray(0, bytesRead);
    }
  } finally {
    await handle.close();
  }
}

export interface TextOfBytes {
  readonly text: string;
  readonly summary: TextSummary;
}

/** The same text and the same problems as in pieces. */
export function readTextOfBytes(bytes: Uint8Array, encoding: EncodingName): TextOfBytes {
  const reader = createTextReader(encoding);
  const text = reader.push(bytes) + reader.end();
  return { text, summary: reader.summarize() };
}

/** Of a text that an editor holds: its bytes are those that UTF-8 would have. */
export function readTextOfString(text: string): TextOfBytes {
  return readTextOfBytes(Buffer.from(text), 'utf-8');
}
