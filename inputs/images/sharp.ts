/**
 * The image library, loaded when the first image is: a process that trains on text must not pay for it. It reads formats and
 * does nothing else for us (preprocess.ts says why). dist/sharp.cjs is made by scripts/build-sharp.mjs.
 */
import { createRequire } from 'node:module';
import type Sharp from 'sharp';
import { assetPath } from '../assets';

let loaded: typeof Sharp | undefined;

export function loadSharp(): typeof Sharp {
  if (loaded !== undefined) return loaded;
  const sharp = createRequire(__filename)(assetPath('sharp.cjs')) as typeof Sharp; // the bundle exports what sharp does
  sharp.cache(false); // each image is read once
  loaded = sharp;
  return sharp;
}
