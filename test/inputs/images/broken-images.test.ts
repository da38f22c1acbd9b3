import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, globSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { crc32, deflateSync } from 'node:zlib';
import { packageRoot } from '../../../inputs/assets';
import { readImage } from '../../../inputs/images/decode';
import { RunFailure } from '../../../protocol';
import { sharedData } from '../shared-tokenizers';
import { temporaryFolder } from '../../trainer/temporary-folder';

const folder = temporaryFolder('broken-images');
const at = (name: string) => join(folder.path, name);
after(() => {
  folder.remove();
});
const fixture = join(packageRoot(), 'test', 'golden', 'fixtures', 'images');

describe('an image is refused, by name and with a reason, when it', () => {
  const good = readFileSync(join(fixture, 'wide.png'));
  const hostile: readonly [what: string, content: Uint8Array | string, says: RegExp][] = [
    ['is empty', '', /failed: .*unsupported image format/],
    ['is a text', 'no image at all', /unsupported image format/],
    ['is cut off', good.subarray(0, good.length / 2), /failed: ./],
    [
      'is a drawing, which could name other files',
      '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>',
      /its format is svg/,
    ],
    ['claims more pixels than memory', pngOf(30_000, 30_000), /exceeds pixel limit|more than 89478485/],
    ['claims no pixels', pngOf(0, 9), /failed: ./],
  ];
  for (const [what, content, says] of hostile) {
    it(what, async () => {
      writeFileSync(at('image.png'), content);
      await assertRefused(at('image.png'), says);
    });
  }

  it('is not there, or a folder, or a pipe', async function () {
    await assertRefused(at('missing.png'), /ENOENT/);
    mkdirSync(at('folder.png'));
    await assertRefused(at('folder.png'), /it is not a file/);
    if (process.platform === 'win32') this.skip();
    execFileSync('mkfifo', [at('pipe.png')]);
    await assertRefused(at('pipe.png'), /it is not a file/);
  });
});

/** A header that is right, and data for the first few pixels. */
function pngOf(width: number, height: number): Buffer {
  const header = Buffer.from([0, 0, 0, 0, 0, 0, 0, 0, 8, 2, 0, 0, 0]); // 8 bits, red green blue
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  const signature = Buffer.from('89504e470d0a1a0a', 'hex');
  return Buffer.concat([
    signature,
    chunk('IHDR', header),
    chunk('IDAT', deflateSync(Buffer.alloc(99))),
    chunk('IEND', Buffer.alloc(0)),
  ]);
}

function chunk(type: string, data: Buffer): Buffer {
  const named = Buffer.concat([Buffer.from(type), data]);
  const [length, check] = [Buffer.alloc(4), Buffer.alloc(4)];
  length.writeUInt32BE(data.length);
  check.writeUInt32BE(crc32(named));
  return Buffer.concat([length, named, check]);
}

/** Files of Pillow's own tests for which this is right: broken ones are refused, odd ones are read. Others may go either way. */
const broken = join(sharedData, 'pillow-broken-images');
const refused =
  'broken.png broken_data_stream.png truncated_image.png truncated_jpeg.jpg decompression_bomb.gif zero_width.gif badbitcount.bmp shortfile.bmp zero_height.j2k decompression_bomb.ico'.split(
    ' ',
  );
const read =
  'hopper.jpg hopper.png hopper.webp hopper_gray.jpg exif_gps.jpg pil_sample_cmyk.jpg transparent.webp mode_16bit.png'.split(' ');

describe('the broken images of Pillow (skipped where ../shared is not there)', () => {
  before(function () {
    if (existsSync(broken)) return;
    console.log(`      skipped: ${broken} is missing`);
    this.skip();
  });

  it('are read, or refused by name: none crashes, hangs or fills the memory', async function () {
    this.timeout(120_000);
    const before = process.memoryUsage().rss;
    const outcomes = new Map<string, 'read' | 'refused'>();
    for (const path of globSync('**/*.{png,jpg,gif,bmp,webp,avif,tif,j2k,ico,dds}', { cwd: broken })) {
      outcomes.set(basename(path), await outcome(join(broken, path)));
    }
    assert.ok(outcomes.size > 70, `${outcomes.size} files`);
    assert.deepEqual(
      refused.filter((name) => outcomes.get(name) !== 'refused'),
      [],
      'refused',
    );
    assert.deepEqual(
      read.filter((name) => outcomes.get(name) !== 'read'),
      [],
      'read',
    );
    const grown = process.memoryUsage().rss - before;
    assert.ok(grown < 300e6, `grown by ${grown} bytes`);
  });
});

async function outcome(file: string): Promise<'read' | 'refused'> {
  try {
    const { width, height, pixels } = await readImage(file);
    assert.equal(pixels.length, width * height * 3, file);
    return 'read';
  } catch (thrown) {
    assert.ok(thrown instanceof RunFailure, `${file}: ${String(thrown)}`);
    assert.equal(thrown.error.code, 'bad-data');
    assert.ok(thrown.error.message.includes(file));
    return 'refused';
  }
}

async function assertRefused(file: string, says: RegExp): Promise<void> {
  await assert.rejects(readImage(file), (thrown) => {
    assert.ok(thrown instanceof RunFailure, String(thrown));
    assert.equal(thrown.error.code, 'bad-data');
    assert.equal(thrown.error.file, file);
    assert.match(thrown.error.message, says);
    return true;
  });
}

describe('the image library of the .vsix, in WebAssembly,', () => {
  it('stands on its own files, and gives the pixels of the native one', async function () {
    this.timeout(60_000);
    const dist = join(packageRoot(), 'dist');
    for (const name of readdirSync(dist).filter((file) => file.startsWith('sharp'))) copyFileSync(join(dist, name), at(name));
    const images = ['turned.jpg', 'transparent.png', 'grey.png'].map((name) => join(fixture, name));
    const program = `
      const sharp = require(${JSON.stringify(at('sharp.cjs'))});
      (async () => {
        for (const file of ${JSON.stringify(images)})
          console.log((await sharp(file, { ignoreIcc: true }).autoOrient().toColourspace('srgb').flatten({ background: 'white' }).raw().toBuffer()).toString('hex'));
      })();`;
    const run = (environment: object) =>
      spawnSync(process.execPath, ['-e', program], {
        encoding: 'utf8',
        cwd: folder.path,
        env: { ...process.env, ...environment },
      });
    const alone = run({});
    assert.equal(alone.status, 0, alone.stderr);
    const lines = alone.stdout.trim().split('\n');
    assert.equal(lines.length, 3);
    const turned = await readImage(images[0] ?? '');
    assert.equal(lines[0], Buffer.from(turned.pixels).toString('hex'));
    const grey = await readImage(images[2] ?? '');
    assert.equal(lines[2], Buffer.from(grey.pixels).toString('hex'));
  });
});
