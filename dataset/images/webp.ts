/** WebP: chunks in a RIFF container. */
import { BrokenImage, type ImageHeader } from './image-header';
import { readExifOrientation } from './tiff';

const headBytes = 12;

export function parseWebp(bytes: Buffer): ImageHeader {
  if (bytes.readUInt32LE(4) + 8 > bytes.length) throw new BrokenImage('it is cut off');
  let size: readonly [number, number] | undefined;
  let orientation = 1;
  let hasPixels = false;
  for (const { name, data } of readChunks(bytes)) {
    size ??= sizeIn(name, data);
    if (name === 'EXIF') orientation = readExifOrientation(data);
    if (name === 'VP8 ' || name === 'VP8L' || name === 'ANMF') hasPixels = true;
  }
  if (!hasPixels || !size) throw new BrokenImage('it has no pixels');
  return { width: size[0], height: size[1], orientation };
}

interface Chunk {
  readonly name: string;
  readonly data: Buffer;
}

function* readChunks(bytes: Buffer): Generator<Chunk> {
  const last = bytes.readUInt32LE(4) + 8;
  for (let offset = headBytes; offset + 8 <= last;) {
    const name = bytes.toString('latin1', offset, offset + 4);
    const end = offset + 8 + bytes.readUInt32LE(offset + 4);
    if (end > bytes.length) throw new BrokenImage(`it is cut off in the chunk ${name.trim()}`);
    yield { name, data: bytes.subarray(offset + 8, end) };
    offset = end + (end % 2); // chunks begin at even offsets
  }
}

function sizeIn(name: string, data: Buffer): readonly [number, number] | undefined {
  if (name === 'VP8X') return [data.readUIntLE(4, 3) + 1, data.readUIntLE(7, 3) + 1];
  if (name === 'VP8 ') {
    if (data.readUIntBE(3, 3) !== 0x9d012a) throw new BrokenImage('its frame of pixels is damaged');
    return [data.readUInt16LE(6) & 0x3fff, data.readUInt16LE(8) & 0x3fff];
  }
  if (name !== 'VP8L') return undefined;
  if (data.readUInt8(0) !== 0x2f) throw new BrokenImage('its frame of pixels is damaged');
  const bits = data.readUInt32LE(1);
  return [(bits & 0x3fff) + 1, ((bits >>> 14) & 0x3fff) + 1];
}
