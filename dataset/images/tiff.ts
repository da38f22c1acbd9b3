/** TIFF: directories of numbered tags. EXIF is one such directory inside other formats, and tells how a picture was held. */
import { BrokenImage, type ImageHeader } from './image-header';

const tags = {
  width: 256,
  height: 257,
  stripOffsets: 273,
  orientation: 274,
  stripByteCounts: 279,
  tileOffsets: 324,
  tileByteCounts: 325,
} as const;

export function parseTiff(bytes: Buffer): ImageHeader {
  const values = readDirectory(bytes);
  const width = values.get(tags.width)?.[0];
  const height = values.get(tags.height)?.[0];
  if (width === undefined || height === undefined) throw new BrokenImage('its directory does not say how large it is');
  checkStrips(bytes.length, values);
  return { width, height, orientation: orientationOf(values) };
}

/** Of an EXIF block, with or without its name in front; 1 when it is not there or makes no sense, as image libraries have it. */
export function readExifOrientation(block: Buffer): number {
  const exif = block.toString('latin1', 0, 6) === 'Exif\0\0' ? block.subarray(6) : block;
  try {
    return orientationOf(readDirectory(exif));
  } catch {
    return 1; // broken notes do not break a picture
  }
}

type Values = ReadonlyMap<number, readonly number[]>;

function orientationOf(values: Values): number {
  const found = values.get(tags.orientation)?.[0] ?? 1;
  return found >= 1 && found <= 8 ? found : 1;
}

/** Offsets of a large picture are many; the first ones tell enough. */
const mostValues = 65_536;

/** The first directory; only values that are whole numbers of 16 or 32 bits. */
function readDirectory(bytes: Buffer): Values {
  const isLittle = bytes.toString('latin1', 0, 2) === 'II';
  const short = (offset: number) => (isLittle ? bytes.readUInt16LE(offset) : bytes.readUInt16BE(offset));
  const long = (offset: number) => (isLittle ? bytes.readUInt32LE(offset) : bytes.readUInt32BE(offset));
  if (short(2) !== 42) throw new BrokenImage('its header is not that of a TIFF file');
  const values = new Map<number, number[]>();
  const start = long(4);
  for (let entry = start + 2; entry < start + 2 + 12 * short(start); entry += 12) {
    const [tag, type, count] = [short(entry), short(entry + 2), Math.min(long(entry + 4), mostValues)];
    const [size, read] = type === 3 ? [2, short] : [4, long];
    if (type !== 3 && type !== 4) continue;
    const first = count * size <= 4 ? entry + 8 : long(entry + 8);
    if (Object.values<number>(tags).includes(tag))
      values.set(
        tag,
        Array.from({ length: count }, (_, index) => read(first + index * size)),
      );
  }
  return values;
}

function checkStrips(length: number, values: Values): void {
  const offsets = values.get(tags.stripOffsets) ?? values.get(tags.tileOffsets) ?? [];
  const counts = values.get(tags.stripByteCounts) ?? values.get(tags.tileByteCounts) ?? [];
  if (offsets.length === 0) throw new BrokenImage('its directory names no pixels');
  if (offsets.some((offset, index) => offset + (counts[index] ?? 0) > length)) throw new BrokenImage('it is cut off');
}
