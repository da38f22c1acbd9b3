/**
 * Looks at the structure of an image file without a library: what it is, how large, how it was held, whether it is whole.
 * What does not decode for other reasons is for an inspector that decodes.
 */
import { open, stat } from 'node:fs/promises';
import type { ImageInspector, InspectedImage } from '../lint/linted-file';
import { parseAvif } from './avif';
import { parseGif } from './gif';
import { BrokenImage, type ParseHeader } from './image-header';
import { parseJpeg } from './jpeg';
import { parsePng } from './png';
import { parseTiff } from './tiff';
import { parseWebp } from './webp';

/** Pillow's own limit: a quarter of a gigabyte as pixels. */
export const maxPixels = 89_478_485;
/** A file that large has more than that many pixels, or is no image. */
const maxBytes = 512 * 2 ** 20;
const readFormats = 'JPEG, PNG, WebP, GIF, TIFF and AVIF';

export function createHeaderInspector(): ImageInspector {
  return { inspect: inspectFile };
}

async function inspectFile(file: string): Promise<InspectedImage> {
  try {
    const found = await stat(file);
    if (!found.isFile()) return unreadable('it is not a file'); // a pipe would be waited for
    if (found.size > maxBytes) return unreadable(`it has ${found.size} bytes`);
    const handle = await open(file);
    try {
      return inspectImageHeader(await handle.readFile());
    } finally {
      await handle.close();
    }
  } catch (thrown) {
    return unreadable(thrown instanceof Error ? thrown.message : String(thrown));
  }
}

export function inspectImageHeader(content: Uint8Array): InspectedImage {
  const bytes = Buffer.from(content.buffer, content.byteOffset, content.byteLength);
  const parse = parserOf(bytes);
  if (parse === undefined) return inspectOther(bytes);
  try {
    const { width, height, orientation } = parse(bytes);
    if (width === 0 || height === 0) return unreadable(`it has ${width} x ${height} pixels`);
    if (width * height > maxPixels) return unreadable(`it has ${width} x ${height} pixels, more than ${maxPixels}`);
    return { kind: 'ok', width, height, orientation };
  } catch (thrown) {
    if (thrown instanceof BrokenImage) return unreadable(thrown.message);
    if (thrown instanceof RangeError) return unreadable('it is cut off'); // a Buffer's answer to a read beyond its end
    throw thrown;
  }
}

function unreadable(reason: string): InspectedImage {
  return { kind: 'unreadable', reason };
}

function parserOf(bytes: Buffer): ParseHeader | undefined {
  const start = bytes.toString('latin1', 0, 12);
  if (start.startsWith('\x89PNG\r\n\x1a\n')) return parsePng;
  if (start.startsWith('\xff\xd8')) return parseJpeg;
  if (/^GIF8[79]a/.test(start)) return parseGif;
  if (/^RIFF....WEBP/s.test(start)) return parseWebp;
  if (start.startsWith('II*\0') || start.startsWith('MM\0*')) return parseTiff;
  if (start.slice(4, 8) === 'ftyp' && brandsOf(bytes).some((brand) => brand === 'avif' || brand === 'avis')) return parseAvif;
  return undefined;
}

function brandsOf(bytes: Buffer): readonly string[] {
  const end = Math.min(bytes.readUInt32BE(0), 256);
  return bytes.toString('latin1', 8, end).match(/.{4}/gs) ?? [];
}

/** First bytes in latin-1, and what they are of. */
const otherImages: readonly (readonly [string, string])[] = [
  ['BM', 'BMP'],
  ['\0\0\x01\0', 'ICO'],
  ['\0\0\0\x0cjP', 'JPEG 2000'],
  ['\xff\x4f\xff\x51', 'JPEG 2000'],
  ['\0\0\0\x0cJXL', 'JPEG XL'],
  ['\xff\x0a', 'JPEG XL'],
  ['DDS ', 'DDS'],
  ['8BPS', 'PSD'],
];

function nameOtherImage(start: string): string | undefined {
  if (start.slice(4, 8) === 'ftyp') return 'HEIC';
  if (/^\s*(<\?xml[^>]*>\s*)?<svg/.test(start)) return 'SVG';
  return otherImages.find(([mark]) => start.startsWith(mark))?.[1];
}

/** What stands in place of images that were never fetched. */
const noImages: readonly (readonly [RegExp, string])[] = [
  [/^$/, 'it is empty'],
  [/^version https:\/\/git-lfs/, 'it is a pointer of Git LFS: run "git lfs pull"'],
  [/^\s*<(!doctype )?html/i, 'it is a web page, not an image'],
  [/^%PDF/, 'it is a PDF, not an image'],
];

function inspectOther(bytes: Buffer): InspectedImage {
  const start = bytes.toString('latin1', 0, 256);
  const [, noImage] = noImages.find(([pattern]) => pattern.test(start)) ?? [];
  if (noImage !== undefined) return unreadable(noImage);
  const isBigTiff = start.startsWith('II+\0') || start.startsWith('MM\0+');
  if (isBigTiff) return { kind: 'unavailable', reason: 'it is a BigTIFF, which only decoding tells about' };
  const format = nameOtherImage(start);
  return unreadable(format ? `its format is ${format}; Temper reads ${readFormats}` : `it is no image of ${readFormats}`);
}
