/** GIF: a screen, and pictures on it. */
import { BrokenImage, type ImageHeader } from './image-header';

const extension = 0x21;
const picture = 0x2c;
const trailer = 0x3b;

export function parseGif(bytes: Buffer): ImageHeader {
  let [width, height] = [bytes.readUInt16LE(6), bytes.readUInt16LE(8)];
  let pictures = 0;
  let offset = 13 + tableBytes(bytes.readUInt8(10));
  while (offset < bytes.length && bytes[offset] !== trailer) {
    const kind = bytes.readUInt8(offset);
    if (kind === extension) offset = skipBlocks(bytes, offset + 2);
    else if (kind !== picture) throw new BrokenImage(`it is damaged at byte ${offset}: no block begins there`);
    else {
      width ||= bytes.readUInt16LE(offset + 5); // a screen without a size has that of its first picture
      height ||= bytes.readUInt16LE(offset + 7);
      offset = skipBlocks(bytes, offset + 11 + tableBytes(bytes.readUInt8(offset + 9)));
      pictures++;
    }
  }
  if (pictures === 0) throw new BrokenImage('it has no picture'); // without a trailer it is still whole
  return { width, height, orientation: 1 };
}

/** Of the table of colours that the flags tell of. */
function tableBytes(flags: number): number {
  return (flags & 0x80) === 0 ? 0 : 3 << ((flags & 7) + 1);
}

function skipBlocks(bytes: Buffer, start: number): number {
  let offset = start;
  for (let length = bytes.readUInt8(offset); length > 0; length = bytes.readUInt8(offset)) offset += length + 1;
  return offset + 1;
}
