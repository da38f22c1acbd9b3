/** Downloads one file into its blob: goes on where an earlier download broke off, and believes nothing but the hash. */
import { recover, request, PassingFault, type Connection } from './connection';
import { badAnswer, wrongHash } from './failures';
import { PartialFile } from './partial-file';
import { urlOf, type RemoteFile } from './repository';

export interface BlobRequest {
  readonly connection: Connection;
  readonly commit: string;
  readonly file: RemoteFile;
  /** Where it grows, and where it goes. */
  readonly incomplete: string;
  readonly blob: string;
  readonly onBytes: (bytes: number) => void;
}

/** So much more, and a broken connection counts as the first one again. */
const progressBytes = 1e6;

/** @throws RunFailure when it cannot be had; what came of it stays, for the next time, unless its hash is wrong */
export async function downloadBlob(wanted: BlobRequest): Promise<void> {
  const partial = await PartialFile.open(wanted.incomplete, wanted.file);
  const isResumed = partial.bytes > 0;
  try {
    await fetchRest(wanted, partial);
    if (!partial.isRight() && isResumed) {
      wanted.connection.onRetry(`What was there of ${wanted.file.path} is damaged. Downloading it from its beginning.`);
      await partial.restart();
      await fetchRest(wanted, partial);
    }
  } catch (thrown) {
    await partial.close();
    throw thrown;
  }
  if (partial.isRight()) return partial.moveTo(wanted.blob);
  await partial.remove();
  const hashes = { expected: wanted.file.hash.hex, found: partial.digest() };
  throw wrongHash(wanted.connection.inquiry, wanted.file.path, hashes);
}

/** Until all of it is there, over as many connections as it takes. */
async function fetchRest(wanted: BlobRequest, partial: PartialFile): Promise<void> {
  let [attempt, lastBytes] = [1, partial.bytes];
  wanted.onBytes(partial.bytes);
  while (partial.bytes < wanted.file.bytes) {
    try {
      await fetchOnce(wanted, partial);
    } catch (thrown) {
      if (partial.bytes - lastBytes >= progressBytes) attempt = 1;
      lastBytes = partial.bytes;
      await recover(wanted.connection, thrown, attempt++);
    }
  }
}

async function fetchOnce(wanted: BlobRequest, partial: PartialFile): Promise<void> {
  const { connection, commit, file } = wanted;
  const range: Record<string, string> = partial.bytes > 0 ? { range: `bytes=${partial.bytes}-` } : {};
  const headers = { 'accept-encoding': 'identity', ...range };
  const response = await request(connection, urlOf(connection, commit, file.path), headers);
  if (response.status !== 206 && partial.bytes > 0)
    await partial.restart(); // the server sends all of it
  else checkRange(response, partial, connection);
  const body = response.body as AsyncIterable<Uint8Array> | null; // fetch gives bytes, its types say anything
  for await (const chunk of body ?? []) {
    if (partial.bytes + chunk.length > file.bytes)
      throw badAnswer(connection.inquiry, `${file.path} is longer than the ${file.bytes} bytes that it should have`);
    await partial.append(chunk);
    wanted.onBytes(partial.bytes);
  }
  if (partial.bytes < file.bytes) throw new PassingFault(`${file.path} ended ${file.bytes - partial.bytes} bytes early`);
}

/** Bytes from another place than asked for would only be noticed by the hash, when everything is there. */
function checkRange(response: Response, { bytes }: PartialFile, { inquiry }: Connection): void {
  const range = response.headers.get('content-range');
  const start = range === null ? 0 : Number(/^bytes (\d+)-/.exec(range)?.[1]);
  if (start !== bytes) throw badAnswer(inquiry, `it was asked for the bytes from ${bytes} on and sent "${range ?? 'all'}"`);
}
