/** JPEG: segments behind markers, and compressed pixels between them. */
import { BrokenImage, type ImageHeader } from './image-header';
import { readExifOrientation } from './tiff';

const endOfImage = 0xd9;
const startOfScan = 0xda;

export function parseJpeg(bytes: Buffer): ImageHeader {
  let [width, height, orientation] = [0, 0, 1];
  let hasScan = false;
  for (const { marker, data } of readSegments(bytes)) {
    if (isFrame(marker)) [height, width] = [data.readUInt16BE(1), data.readUInt16BE(3)];
    if (marker === 0xe1 && data.toString('latin1', 0, 6) === 'Exif\0\0') orientation = readExifOrientation(data);
    if (marker === startOfScan && width === 0) throw new BrokenImage('its pixels begin before it says how large it is');
    if (marker === startOfScan) hasScan = true;
  }
  if (!hasScan) throw new BrokenImage('it has no pixels');
  return { width, height, orientation };
}

/** SOF0 to SOF15, among which DHT, JPG and DAC are numbered. */
function isFrame(marker: number): boolean {
  return marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker);
}

interface Segment {
  readonly marker: number;
  readonly data: Buffer;
}

/** Up to the end of the image; what cameras write behind it is none of it. */
function* readSegments(bytes: Buffer): Generator<Segment> {
  for (let offset = findMarker(bytes, 2); bytes[offset + 1] !== endOfImage;) {
    const marker = bytes.readUInt8(offset + 1);
    const end = offset + 2 + bytes.readUInt16BE(offset + 2);
    if (end > bytes.length) throw new BrokenImage('it is cut off');
    yield { marker, data: bytes.subarray(offset + 4, end) };
    offset = findMarker(bytes, Math.max(end, offset + 4));
  }
}

/** The next marker that has a segment, or ends the image. Within pixels, FF 00 is a byte FF, and FF D0 to D7 mere marks. */
function findMarker(bytes: Buffer, from: number): number {
  for (let offset = bytes.indexOf(0xff, from); offset >= 0; offset = bytes.indexOf(0xff, offset + 1)) {
    const next = bytes[offset + 1] ?? 0;
    const isMark = next === 0 || next === 1 || (next >= 0xd0 && next <= 0xd8) || next === 0xff;
    if (!isMark) return offset;
  }
  throw new BrokenImage('it is cut off: the end of the image is missing');
}
