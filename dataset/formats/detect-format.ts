/** Tells how a file is read, and why: what temper.json says, else what is in the file where that is plain, else its name. */
import type { DataConfig, EncodingName, FormatName, Problem } from '../../protocol';
import type { DetectedFormat } from './format';
import { sniffFormat, sniffForeign, type Sniffed } from './sniff-format';

export type DetectionSettings = Pick<DataConfig, 'format' | 'encoding'>;

const endings: ReadonlyMap<string, FormatName> = new Map([
  ['jsonl', 'jsonl'],
  ['ndjson', 'jsonl'],
  ['json', 'json'],
  ['csv', 'csv'],
  ['tsv', 'tsv'],
  ['conll', 'conll'],
  ['bio', 'conll'],
  ['iob', 'conll'],
  ['iob2', 'conll'],
  ['txt', 'text'],
  ['parquet', 'parquet'],
]);

/** By the ending of the name alone. */
export function formatOfName(fileName: string): FormatName | undefined {
  return fileName.includes('.') ? endings.get(endingOf(fileName)) : undefined;
}

/**
 * `head` is the first bytes of the file, `undefined` of a folder. `encoding` is how the bytes are to be read: the config's,
 * also where a byte-order mark says another, which reading reports. A problem when nothing tells what the file is.
 */
export function detectFormat(
  fileName: string,
  head: Uint8Array | undefined,
  { format, encoding }: DetectionSettings,
): DetectedFormat | Problem {
  const detected = (found: FormatName, reason: string): DetectedFormat => ({ format: found, encoding, reasons: [reason] });
  if (format !== undefined && (format === 'image-folder') !== (head === undefined))
    return unknownFormat(fileName, `temper.json says "format": "${format}", and this is a ${head ? 'file' : 'folder'}.`);
  if (format !== undefined) return detected(format, `temper.json says "format": "${format}"`);
  if (head === undefined) return detected('image-folder', 'it is a folder');
  const named = formatOfName(fileName);
  const foreign = sniffForeign(head);
  if (foreign !== undefined) return unknownFormat(fileName, foreign);
  const sniffed = sniffFormat(decodeHead(head, encoding), head, named);
  if (named === undefined) return sniffed ? detected(sniffed.format, sniffed.reason) : unknownFormat(fileName);
  const byName = `the name ends in .${endingOf(fileName)}`;
  return sniffed && overrides(sniffed, named)
    ? detected(sniffed.format, `${byName}, but ${sniffed.reason}`)
    : detected(named, byName);
}

/** A name may be wrong or say too little; columns of text and tags are told from content only where there is no name. */
function overrides({ format, isCertain }: Sniffed, named: FormatName): boolean {
  return isCertain && format !== named;
}

function decodeHead(head: Uint8Array, encoding: EncodingName): string {
  const [first, second] = head;
  if (first === 0xff && second === 0xfe) return new TextDecoder('utf-16le').decode(head);
  if (first === 0xfe && second === 0xff) return new TextDecoder('utf-16be').decode(head);
  return new TextDecoder(encoding).decode(head);
}

function endingOf(fileName: string): string {
  return fileName.slice(fileName.lastIndexOf('.') + 1).toLowerCase();
}

const formatsInWords = '.jsonl, .json, .csv, .tsv, .conll, .txt or .parquet files, or folders of images';

/** `found`: what it is instead, and what to do about it. */
function unknownFormat(fileName: string, found?: string): Problem {
  const range = { line: 1, column: 1, endLine: 1, endColumn: 1 };
  const remedy = found ?? 'Rename it, or set "data.format" in temper.json.';
  const message = `Temper does not know what ${fileName} is. Rows come in ${formatsInWords}. ${remedy}`;
  return { ...range, code: 'unknown-format', severity: 'error', message };
}
