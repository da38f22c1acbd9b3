/** PNG: chunks with checksums. */
import { crc32 } from 'node:zlib';
import { BrokenImage, type ImageHeader } from './image-header';
import { readExifOrientation } from './tiff';

const signatureBytes = 8;
/** Of length, name and checksum. */
const frameBytes = 12;

export function parsePng(bytes: Buffer): ImageHeader {
  let [width, height, orientation] = [0, 0, 1];
  let hasPixels = false;
  for (const { name, data } of readChunks(bytes)) {
    if (name === 'IHDR') [width, height] = [data.readUInt32BE(0), data.readUInt32BE(4)];
    if (name === 'eXIf') orientation = readExifOrientation(data);
    if (name === 'IDAT') hasPixels = true;
  }
  if (!hasPixels) throw new BrokenImage('it has no pixels (no chunk IDAT)');
  return { width, height, orientation };
}

interface Chunk {
  readonly name: string;
  readonly data: Buffer;
}

function* readChunks(bytes: Buffer): Generator<Chunk> {
  let name = '';
  for (let offset = signatureBytes; name !== 'IEND';) {
    if (offset + frameBytes > bytes.length) throw new BrokenImage('it is cut off: the chunk IEND is missing');
    const end = offset + frameBytes + bytes.readUInt32BE(offset);
    name = bytes.toString('latin1', offset + 4, offset + 8);
    if (!/^[A-Za-z]{4}$/.test(name)) throw new BrokenImage(`it is damaged at byte ${offset}: no chunk begins there`);
    if (offset === signatureBytes && name !== 'IHDR') throw new BrokenImage('it does not begin with the chunk IHDR');
    if (end > bytes.length) throw new BrokenImage(`it is cut off in the chunk ${name}`);
    const isNeeded = /^[A-Z]/.test(name); // the others may be wrong, and are then passed over
    const isRight = crc32(bytes.subarray(offset + 4, end - 4)) === bytes.readUInt32BE(end - 4);
    if (isNeeded && !isRight) throw new BrokenImage(`the checksum of its chunk ${name} is wrong`);
    if (isRight) yield { name, data: bytes.subarray(offset + 8, end - 4) };
    offset = end;
  }
}
