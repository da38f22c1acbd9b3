/** AVIF: boxes within boxes. Its turns are part of the format, so that every reader makes them. */
import { BrokenImage, type ImageHeader } from './image-header';

export function parseAvif(bytes: Buffer): ImageHeader {
  let [width, height] = [0, 0];
  for (const size of findBoxes(bytes, ['meta', 'iprp', 'ipco', 'ispe'])) {
    width = Math.max(width, size.readUInt32BE(4)); // of a grid, the whole is larger than its parts
    height = Math.max(height, size.readUInt32BE(8));
  }
  if (width === 0) throw new BrokenImage('it does not say how large it is');
  return { width, height, orientation: 1 };
}

function* findBoxes(bytes: Buffer, [name, ...rest]: readonly string[]): Generator<Buffer> {
  for (const box of readBoxes(bytes)) {
    if (box.name !== name) continue;
    if (rest.length === 0) yield box.data;
    else yield* findBoxes(name === 'meta' ? box.data.subarray(4) : box.data, rest); // behind its version
  }
}

function* readBoxes(bytes: Buffer): Generator<{ name: string; data: Buffer }> {
  for (let offset = 0; offset + 8 <= bytes.length;) {
    const short = bytes.readUInt32BE(offset);
    const name = bytes.toString('latin1', offset + 4, offset + 8);
    const length = short === 1 ? Number(bytes.readBigUInt64BE(offset + 8)) : short === 0 ? bytes.length - offset : short;
    const headBytes = short === 1 ? 16 : 8;
    if (length < headBytes) throw new BrokenImage(`its box ${name} is damaged`);
    if (offset + length > bytes.length) throw new BrokenImage(`it is cut off in the box ${name}`);
    yield { name, data: bytes.subarray(offset + headBytes, offset + length) };
    offset += length;
  }
}
