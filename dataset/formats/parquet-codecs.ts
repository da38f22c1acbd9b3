/** How the pages of a Parquet file are unpacked: snappy by hyparquet itself, the others by Node. */
import * as zlib from 'node:zlib';
import type { Compressors, FileMetaData } from 'hyparquet';

/** A page says how long it is; one that is longer is refused before it fills the memory. */
export const codecs: Compressors = {
  GZIP: (input, length) => zlib.gunzipSync(input, { maxOutputLength: Math.max(1, length) }),
  BROTLI: (input, length) => zlib.brotliDecompressSync(input, { maxOutputLength: Math.max(1, length) }),
  ZSTD: (input, length) => zlib.zstdDecompressSync(input, { maxOutputLength: Math.max(1, length) }),
};

const known: ReadonlySet<string> = new Set(['UNCOMPRESSED', 'SNAPPY', ...Object.keys(codecs)]);

/** In words, when this Node cannot unpack it. */
export function findUnknownCodec({ row_groups: groups }: FileMetaData): string | undefined {
  for (const { columns } of groups) {
    for (const { meta_data: metadata } of columns) {
      const codec: string | undefined = metadata?.codec;
      if (codec === undefined) continue;
      if (!known.has(codec)) return codec;
      if (codec === 'ZSTD' && !('zstdDecompressSync' in zlib)) return `zstd, which Node reads from version 22.15 on`;
    }
  }
  return undefined;
}
