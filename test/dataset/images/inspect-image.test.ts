/** Expectations for shared files are sharp's and Pillow's, not ours. */
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { crc32, deflateSync } from 'node:zlib';
import { createHeaderInspector, inspectImageHeader } from '../../../dataset/images/inspect-image';
import { createRandom } from '../../../dataset/seeded-random';
import { removeProjects, writeProject } from '../temporary-project';

const sharedImages = resolve(process.cwd(), '../shared/data/pillow-broken-images');

function inspect(bytes: Uint8Array): string {
  const found = inspectImageHeader(bytes);
  return found.kind === 'ok' ? `${found.width}x${found.height} turned ${found.orientation}` : `${found.kind}: ${found.reason}`;
}

const latin1 = (text: string) => Buffer.from(text, 'latin1');
const u16 = (...values: number[]) => Buffer.concat(values.map((value) => Buffer.from([value >> 8, value & 255])));
const u32 = (value: number) => Buffer.from([value >>> 24, (value >> 16) & 255, (value >> 8) & 255, value & 255]);

/** A directory with one tag: the orientation. */
function exif(orientation: number): Buffer {
  return Buffer.concat([latin1('MM\0*'), u32(8), u16(1, 274, 3), u32(1), u16(orientation, 0), u32(0)]);
}

function chunk(name: string, data: Uint8Array): Buffer {
  const body = Buffer.concat([latin1(name), data]);
  return Buffer.concat([u32(data.length), body, u32(crc32(body))]);
}

const pngHead = chunk('IHDR', Buffer.concat([u32(3), u32(2), Buffer.from([8, 0, 0, 0, 0])]));
const pngPixels = chunk('IDAT', deflateSync(Buffer.alloc(8)));
const pngEnd = chunk('IEND', Buffer.alloc(0));
const png = (...chunks: Uint8Array[]) => Buffer.concat([latin1('\x89PNG\r\n\x1a\n'), ...chunks]);

const segment = (marker: number, data: Uint8Array) => Buffer.concat([Buffer.from([0xff, marker]), u16(data.length + 2), data]);
const jpegFrame = segment(0xc0, Buffer.concat([Buffer.from([8]), u16(2, 3), Buffer.from([1, 1, 0x11, 0])]));
const jpegScan = Buffer.concat([segment(0xda, Buffer.from([1, 1, 0, 0, 63, 0])), Buffer.from([0x12, 0xff, 0, 0xff, 0xd0, 0x34])]);
const jpeg = (...parts: Uint8Array[]) => Buffer.concat([Buffer.from([0xff, 0xd8]), ...parts]);
const jpegEnd = Buffer.from([0xff, 0xd9]);

const gifHead = Buffer.concat([latin1('GIF89a'), Buffer.from([3, 0, 2, 0, 0x80, 0, 0]), Buffer.alloc(6)]);
const gifPicture = Buffer.concat([Buffer.from([0x2c, 0, 0, 0, 0, 3, 0, 2, 0, 0, 2]), Buffer.from([2, 0x4c, 1, 0])]);
const gifNote = Buffer.concat([Buffer.from([0x21, 0xfe, 3]), latin1('abc'), Buffer.from([0])]);
const gifEnd = Buffer.from([0x3b]);

/** One strip of so many bytes, which begins at byte 0. */
function tiff(stripBytes: number): Buffer {
  const entry = (tag: number, value: number) => Buffer.concat([u16(tag, 3), u32(1), u16(value, 0)]);
  const entries = [entry(256, 3), entry(257, 2), entry(273, 0), entry(279, stripBytes)];
  return Buffer.concat([latin1('MM\0*'), u32(8), u16(entries.length), ...entries, u32(0)]);
}

const canvas = Buffer.from([0, 0, 0, 0, 2, 0, 0, 1, 0, 0]);

/** Chunks of an odd length are followed by one byte more. */
function webp(...chunks: (readonly [string, Buffer])[]): Buffer {
  const size = (value: number) => u32(value).reverse();
  const body = Buffer.concat([
    latin1('WEBP'),
    ...chunks.flatMap(([name, data]) => [latin1(name), size(data.length), data, Buffer.alloc(data.length % 2)]),
  ]);
  return Buffer.concat([latin1('RIFF'), size(body.length), body]);
}

/** Title, bytes, what is found. */
const made: [string, Uint8Array, string][] = [
  ['a PNG', png(pngHead, pngPixels, pngEnd), '3x2 turned 1'],
  ['a PNG with a note to turn it', png(pngHead, chunk('eXIf', exif(6)), pngPixels, pngEnd), '3x2 turned 6'],
  [
    'a PNG with a damaged note',
    png(pngHead, Buffer.concat([chunk('tEXt', latin1('a')).subarray(0, -1), Buffer.from([0])]), pngPixels, pngEnd),
    '3x2 turned 1',
  ],
  ['a PNG without an end', png(pngHead, pngPixels), 'unreadable: it is cut off: the chunk IEND is missing'],
  ['a PNG cut off in its pixels', png(pngHead, pngPixels.subarray(0, -6)), 'unreadable: it is cut off in the chunk IDAT'],
  [
    'a PNG with wrong pixels',
    png(pngHead, Buffer.from(pngPixels).fill(1, 9, 10), pngEnd),
    'unreadable: the checksum of its chunk IDAT is wrong',
  ],
  ['a PNG without pixels', png(pngHead, pngEnd), 'unreadable: it has no pixels (no chunk IDAT)'],
  ['a PNG of noise', png(Buffer.alloc(40)), 'unreadable: it is damaged at byte 8: no chunk begins there'],
  ['a JPEG', jpeg(jpegFrame, jpegScan, jpegEnd), '3x2 turned 1'],
  ['a JPEG with tables behind its frame', jpeg(jpegFrame, segment(0xc4, Buffer.alloc(9, 7)), jpegScan, jpegEnd), '3x2 turned 1'],
  [
    'a JPEG with a note to turn it',
    jpeg(segment(0xe1, Buffer.concat([latin1('Exif\0\0'), exif(8)])), jpegFrame, jpegScan, jpegEnd),
    '3x2 turned 8',
  ],
  [
    'a JPEG with a senseless note',
    jpeg(segment(0xe1, Buffer.concat([latin1('Exif\0\0'), exif(9)])), jpegFrame, jpegScan, jpegEnd),
    '3x2 turned 1',
  ],
  ['a JPEG with a broken note', jpeg(segment(0xe1, latin1('Exif\0\0MM')), jpegFrame, jpegScan, jpegEnd), '3x2 turned 1'],
  ['a JPEG with something behind it', jpeg(jpegFrame, jpegScan, jpegEnd, Buffer.alloc(9, 0xff)), '3x2 turned 1'],
  ['a JPEG without an end', jpeg(jpegFrame, jpegScan), 'unreadable: it is cut off: the end of the image is missing'],
  ['a JPEG cut off in its frame', jpeg(jpegFrame.subarray(0, 6)), 'unreadable: it is cut off'],
  ['a JPEG without a frame', jpeg(jpegScan, jpegEnd), 'unreadable: its pixels begin before it says how large it is'],
  ['a GIF', Buffer.concat([gifHead, gifNote, gifPicture, gifEnd]), '3x2 turned 1'],
  ['a GIF without an end', Buffer.concat([gifHead, gifPicture]), '3x2 turned 1'],
  ['a GIF cut off', Buffer.concat([gifHead, gifPicture.subarray(0, -2)]), 'unreadable: it is cut off'],
  ['a GIF without a picture', Buffer.concat([gifHead, gifEnd]), 'unreadable: it has no picture'],
  ['a TIFF without pixels', exif(1), 'unreadable: its directory does not say how large it is'],
  ['a TIFF cut off', tiff(400), 'unreadable: it is cut off'],
  ['a TIFF', tiff(4), '3x2 turned 1'],
  ['a lossless WebP', webp(['ABCD', Buffer.alloc(3)], ['VP8L', Buffer.from([0x2f, 2, 0x40, 0, 0, 0])]), '3x2 turned 1'],
  ['a WebP with a note to turn it', webp(['VP8X', canvas], ['ANMF', Buffer.alloc(2)], ['EXIF', exif(3)]), '3x2 turned 3'],
  ['a WebP cut off', webp(['VP8X', canvas], ['ANMF', Buffer.alloc(2)]).subarray(0, -1), 'unreadable: it is cut off'],
  ['a BigTIFF', latin1('II+\0\x08\0\0\0'), 'unavailable: it is a BigTIFF, which only decoding tells about'],
  ['nothing', new Uint8Array(0), 'unreadable: it is empty'],
  ['a web page', latin1('<!DOCTYPE html><html>'), 'unreadable: it is a web page, not an image'],
  [
    'a pointer of Git LFS',
    latin1('version https://git-lfs.github.com/spec/v1\noid'),
    'unreadable: it is a pointer of Git LFS: run "git lfs pull"',
  ],
  ['a BMP', latin1('BM6\0'), 'unreadable: its format is BMP; Temper reads JPEG, PNG, WebP, GIF, TIFF and AVIF'],
  [
    'a HEIC',
    latin1('\0\0\0\x18ftypheic\0\0\0\0mif1heic'),
    'unreadable: its format is HEIC; Temper reads JPEG, PNG, WebP, GIF, TIFF and AVIF',
  ],
  ['a text', latin1('hello'), 'unreadable: it is no image of JPEG, PNG, WebP, GIF, TIFF and AVIF'],
];

/** Shared files that sharp cannot read as the trainer asks it to, and why; and one that only Pillow cannot. */
const broken = new Map<string, RegExp>([
  ['broken.png', /damaged at byte 8/],
  ['broken_data_stream.png', /checksum of its chunk IDAT/],
  ['truncated_image.png', /cut off in the chunk IDAT/],
  ['truncated_end_chunk.png', /IEND is missing/],
  ['truncated_jpeg.jpg', /end of the image is missing/],
  ['decompression_bomb.gif', /cut off/],
  ['zero_width.gif', /cut off/],
  ['apng/syntax_num_frames_zero.png', /no pixels/],
  ['decompression_bomb.ico', /ICO/],
  ['zero_height.j2k', /JPEG 2000/],
  ['zero_mask_totals.dds', /DDS/],
  ['LICENSE', /no image/],
  ['SOURCE.txt', /no image/],
]);

/** Of shared files, as sharp finds them. */
const sizes: Readonly<Record<string, string>> = {
  'hopper.webp': '128x128 turned 1',
  'flower.webp': '480x360 turned 1',
  'transparent.webp': '200x150 turned 1',
  'anim_frame1.webp': '82x82 turned 1',
  'orientation_rectangle.jpg': '2x1 turned 8',
  'truncated_exif_dpi.jpg': '480x640 turned 1',
  'exif_typeerror.jpg': '800x531 turned 1',
  'decompression_bomb_extents.gif': '100x100 turned 1',
  'g4_orientation_3.tif': '590x88 turned 3',
  'g4_orientation_6.tif': '88x590 turned 6',
  'avif/xmp_tags_orientation.avif': '326x268 turned 1',
};

describe('inspectImageHeader', function () {
  this.timeout(30_000);
  after(removeProjects);

  for (const [title, bytes, found] of made) it(`looks at ${title}`, () => assert.equal(inspect(bytes), found));

  it('refuses more pixels than the trainer reads', () => {
    const huge = png(chunk('IHDR', Buffer.concat([u32(65_536), u32(65_536), Buffer.from([8, 0, 0, 0, 0])])), pngPixels, pngEnd);
    assert.equal(inspect(huge), 'unreadable: it has 65536 x 65536 pixels, more than 89478485');
    const flat = png(chunk('IHDR', Buffer.concat([u32(0), u32(2), Buffer.from([8, 0, 0, 0, 0])])), pngPixels, pngEnd);
    assert.equal(inspect(flat), 'unreadable: it has 0 x 2 pixels');
  });

  it('reads files, and says why it cannot', async () => {
    const dir = writeProject({ 'a.png': png(pngHead, pngPixels, pngEnd) });
    const inspector = createHeaderInspector();
    assert.deepEqual(await inspector.inspect(join(dir, 'a.png')), { kind: 'ok', width: 3, height: 2, orientation: 1 });
    assert.deepEqual(await inspector.inspect(dir), { kind: 'unreadable', reason: 'it is not a file' });
    const missing = await inspector.inspect(join(dir, 'b.png'));
    assert.match(missing.kind === 'unreadable' ? missing.reason : '', /ENOENT/);
  });

  it('neither throws nor stalls on what was cut off or changed', () => {
    const random = createRandom(9);
    const whole = made.map(([, bytes]) => bytes);
    if (existsSync(sharedImages)) for (const name of Object.keys(sizes)) whole.push(readFileSync(join(sharedImages, name)));
    for (let round = 0; round < 4000; round++) {
      const bytes = Buffer.from(whole[round % whole.length] ?? []);
      for (let change = 0; change < random.integer(4); change++)
        bytes[random.integer(Math.min(bytes.length, 200))] = random.integer(256);
      inspectImageHeader(bytes.subarray(0, random.integer(2) === 0 ? bytes.length : random.integer(bytes.length)));
    }
  });

  describe(existsSync(sharedImages) ? "on Pillow's images" : `on Pillow's images (skipped: no ${sharedImages})`, () => {
    before(function () {
      if (!existsSync(sharedImages)) this.skip();
    });

    it('finds the broken ones, and only them', () => {
      const entries = readdirSync(sharedImages, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
      assert.ok(entries.length > 80);
      for (const entry of entries) {
        const file = join(entry.parentPath, entry.name);
        const name = relative(sharedImages, file).replaceAll('\\', '/');
        const found = inspect(readFileSync(file));
        const reason = broken.get(name) ?? (name.endsWith('.bmp') ? /its format is BMP/ : undefined);
        if (reason) assert.match(found, new RegExp(`^unreadable: .*${reason.source}`), name);
        else assert.match(found, /^\d+x\d+ turned \d$/, name);
      }
    });

    it('knows their sizes', () => {
      for (const [name, found] of Object.entries(sizes))
        assert.equal(inspect(readFileSync(join(sharedImages, name))), found, name);
    });

    it('knows how each was held', () => {
      for (const orientation of [2, 3, 4, 5, 6, 7, 8]) {
        for (const ending of ['jpg', 'webp']) {
          const file = join(sharedImages, `hopper_orientation_${orientation}.${ending}`);
          assert.equal(inspect(readFileSync(file)), `128x128 turned ${orientation}`, file);
        }
      }
    });
  });
});
