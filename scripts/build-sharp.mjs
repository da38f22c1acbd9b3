// sharp, for images: dist/sharp.cjs uses the native build that npm put beside it, or else dist/sharp-wasm32.cjs, which runs everywhere.
import { copyFile, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import * as esbuild from 'esbuild';

/**
 * In place of sharp's own loader, which looks for builds in places that a bundle does not have. The native build is there in
 * a clone only: the .vsix has none, as it would need one for each platform. One of another version, of
 * a program further up, is left alone; on old processors it cannot be used.
 */
const loader = `
  const { version } = require('../package.json');
  const { runtimePlatformArch } = require('./libvips.cjs');
  function loadNative() {
    const name = \`@img/sharp-\${runtimePlatformArch()}\`;
    if (require(name + '/package').version !== version) throw new Error('it belongs to somebody else');
    const native = require(name + '/sharp.node');
    if (/^linux.*-x64$/.test(runtimePlatformArch()) && !native._isUsingX64V2()) throw new Error('this processor is too old');
    return native;
  }
  try {
    module.exports = loadNative();
  } catch {
    module.exports = require('./sharp-wasm32.cjs');
  }
`;

/**
 * @param {string} root
 * @param {string} dist
 * @param {import('esbuild').BuildOptions} options
 */
export async function buildSharp(root, dist, options) {
  const folder = join(root, 'node_modules', '@img', 'sharp-wasm32', 'lib');
  const script = (await readdir(folder)).find((name) => name.endsWith('.node.js'));
  if (script === undefined) throw new Error(`There is no build of sharp in ${folder}; run "npm ci".`);
  const wasm = script.replace(/js$/, 'wasm'); // the script looks for it under this name, beside itself
  const old = (await readdir(dist)).filter((name) => /^sharp-wasm32-.*\.wasm$/.test(name) && name !== wasm);
  await Promise.all([
    ...old.map((name) => rm(join(dist, name))),
    esbuild.build({ ...options, entryPoints: [join(folder, script)], outfile: join(dist, 'sharp-wasm32.cjs'), minify: true }),
    esbuild.build({
      ...options,
      entryPoints: [join(root, 'node_modules', 'sharp', 'dist', 'index.cjs')],
      outfile: join(dist, 'sharp.cjs'),
      external: ['@img/sharp-*', './sharp-wasm32.cjs'],
      plugins: [
        { name: 'loader', setup: ({ onLoad }) => onLoad({ filter: /sharp.dist.sharp\.cjs$/ }, () => ({ contents: loader })) },
      ],
    }),
    copyFile(join(folder, wasm), join(dist, wasm)),
    copyFile(join(folder, '..', 'README.md'), join(dist, 'sharp-wasm32.LEGAL.txt')), // the libraries inside, and their licences
  ]);
}
