// npm run package: one universal .vsix with nothing to install on the user's side.
import { mkdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { createVSIX } from '@vscode/vsce';
import { build, root } from './build.mjs';

const limitBytes = 40_000_000;

/** Builds for shipping and packs. Returns the file. */
export async function packageVsix() {
  await build({ minify: true });
  const vsix = join(root, 'out', 'temper.vsix');
  await mkdir(join(root, 'out'), { recursive: true });
  await createVSIX({
    cwd: root,
    packagePath: vsix,
    dependencies: false,
    allowMissingRepository: true,
    rewriteRelativeLinks: false,
  });
  const { size } = await stat(vsix);
  if (size > limitBytes) throw new Error(`${vsix} has ${size} bytes, more than ${limitBytes}.`);
  console.log(`${vsix}: ${(size / 1e6).toFixed(1)} MB`);
  return vsix;
}

if (process.argv[1] === import.meta.filename) await packageVsix();
