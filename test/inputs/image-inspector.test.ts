import assert from 'node:assert/strict';
import { copyFileSync, existsSync, globSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { packageRoot } from '../../inputs/assets';
import { createImageInspector } from '../../inputs/image-inspector';
import { temporaryFolder } from '../trainer/temporary-folder';
import { sharedData } from './shared-tokenizers';

const folder = temporaryFolder('image-inspector');
after(() => {
  folder.remove();
});
const inspector = createImageInspector();
const fixture = (name: string) => join(packageRoot(), 'test', 'golden', 'fixtures', 'images', name);

describe('an image, inspected,', () => {
  it('has its size, and the way it was turned', async () => {
    assert.deepEqual(await inspector.inspect(fixture('wide.png')), { kind: 'ok', ...(await sizeOf('wide.png')), orientation: 1 });
    const turned = await inspector.inspect(fixture('turned.jpg'));
    assert.ok(turned.kind === 'ok' && turned.orientation > 1, JSON.stringify(turned));
  });

  it('is unreadable, with a reason that does not name the file again', async () => {
    const path = join(folder.path, 'image.png');
    assert.deepEqual(await inspector.inspect(folder.path), { kind: 'unreadable', reason: 'it is not a file' });
    writeFileSync(path, 'no image at all');
    const text = await inspector.inspect(path);
    assert.ok(
      text.kind === 'unreadable' && text.reason.includes('unsupported image format') && !text.reason.endsWith('.'),
      JSON.stringify(text),
    );
    copyFileSync(fixture('wide.png'), path);
    assert.equal((await inspector.inspect(path)).kind, 'ok');
    const missing = await inspector.inspect(join(folder.path, 'missing.png'));
    assert.ok(missing.kind === 'unreadable' && missing.reason.includes('ENOENT'), JSON.stringify(missing));
  });
});

/** From the header of the file itself. */
async function sizeOf(name: string): Promise<{ width: number; height: number }> {
  const { readFile } = await import('node:fs/promises');
  const header = await readFile(fixture(name));
  return { width: header.readUInt32BE(16), height: header.readUInt32BE(20) };
}

describe('the images of Pillow (skipped where ../shared is not there)', () => {
  const broken = join(sharedData, 'pillow-broken-images');
  before(function () {
    if (existsSync(broken)) return;
    console.log(`      skipped: ${broken} is missing`);
    this.skip();
  });

  it('are inspected one after the other, and none makes it throw or hang', async function () {
    this.timeout(120_000);
    const files = globSync('**/*.{png,jpg,gif,bmp,webp,avif,tif,j2k,ico,dds}', { cwd: broken });
    const kinds = new Map<string, string>();
    for (const file of files) kinds.set(basename(file), (await inspector.inspect(join(broken, file))).kind);
    assert.ok(kinds.size > 70, `${kinds.size} files`);
    const of = (names: string) => [...new Set(names.split(' ').map((name) => kinds.get(name)))];
    assert.deepEqual(of('broken.png broken_data_stream.png truncated_jpeg.jpg zero_width.gif decompression_bomb.gif'), [
      'unreadable',
    ]);
    assert.deepEqual(of('hopper.jpg hopper.png hopper.webp hopper_gray.jpg exif_gps.jpg transparent.webp'), ['ok']);
  });

  it('are turned as their names say', async () => {
    const found: string[] = [];
    const expected: string[] = [];
    for (const file of globSync('hopper_orientation_*.{jpg,webp}', { cwd: broken })) {
      const inspected = await inspector.inspect(join(broken, file));
      found.push(`${file} ${inspected.kind === 'ok' ? inspected.orientation : inspected.reason}`);
      expected.push(`${file} ${/_(\d)\./.exec(file)?.[1]}`);
    }
    assert.ok(expected.length >= 14, `${expected.length} files`);
    assert.deepEqual(found, expected);
  });
});
