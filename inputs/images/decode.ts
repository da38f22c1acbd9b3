/**
 * An image file as pixels, as Pillow and transformers see it: turned the way its camera was held, transparency on white,
 * colours as they stand in the file. Broken files and those that would fill the memory are refused with a reason.
 */
import { stat } from 'node:fs/promises';
import type { Metadata } from 'sharp';
import { RunFailure } from '../../protocol';
import { loadSharp } from './sharp';

export interface PixelImage {
  readonly width: number;
  readonly height: number;
  /** Red, green and blue of each pixel, row by row. */
  readonly pixels: Uint8Array;
}

/** Pillow's own limit: a quarter of a gigabyte as pixels. */
const maxPixels = 89_478_485;
const formats = ['jpeg', 'png', 'webp', 'gif', 'tiff', 'heif'];

/** @throws RunFailure 'bad-data' naming the file */
export async function readImage(file: string): Promise<PixelImage> {
  const { width, height, pixels } = await readOriented(file);
  return { width, height, pixels };
}

/** Upright, with the way it was stored: EXIF's 1 to 8, 1 is upright. */
export interface OrientedImage extends PixelImage {
  readonly orientation: number;
}

/** @throws RunFailure 'bad-data' naming the file */
export async function readOriented(file: string): Promise<OrientedImage> {
  const found = await stat(file).catch((thrown: unknown) => {
    throw unreadable(file, messageOf(thrown));
  });
  if (!found.isFile()) throw unreadable(file, 'it is not a file'); // a pipe would be waited for
  try {
    return await decode(file);
  } catch (thrown) {
    throw thrown instanceof RunFailure ? thrown : unreadable(file, messageOf(thrown));
  }
}

async function decode(file: string): Promise<OrientedImage> {
  const sharp = loadSharp();
  const limits = { limitInputPixels: maxPixels, failOn: 'error' } as const; // as Pillow: warnings pass, missing data does not
  const metadata = await sharp(file, limits).metadata();
  checkMetadata(file, metadata);
  const { orientation: noted = 1 } = metadata;
  const orientation = noted >= 1 && noted <= 8 ? noted : 1; // others are no way to turn an image, and are ignored
  const { data, info } = await sharp(file, { ...limits, ignoreIcc: true })
    .autoOrient()
    .toColourspace('srgb')
    .raw()
    .toBuffer({ resolveWithObject: true });
  const { width, height, channels } = info;
  if (channels === 3) return { width, height, pixels: data, orientation };
  if (channels === 4) return { width, height, pixels: putOnWhite(data), orientation };
  throw unreadable(file, `it has ${channels} channels of colour`);
}

function checkMetadata(file: string, { format, width, height }: Metadata): void {
  if (!formats.includes(format))
    throw unreadable(file, `its format is ${format}; Temper reads JPEG, PNG, WebP, GIF, TIFF and AVIF`);
  if (width * height > maxPixels) throw unreadable(file, `it has ${width} x ${height} pixels, more than ${maxPixels}`);
}

/** Pillow's alpha_composite in its whole numbers, on an opaque white background: 7 bits of fraction, division by 255 in shifts. */
function putOnWhite(rgba: Uint8Array): Uint8Array {
  const pixels = new Uint8Array((rgba.length / 4) * 3);
  for (let from = 0, to = 0; from < rgba.length; from += 4, to += 3) {
    const weight = (rgba[from + 3] ?? 0) << 7;
    for (let channel = 0; channel < 3; channel++) {
      const mixed = (rgba[from + channel] ?? 0) * weight + 255 * ((255 << 7) - weight) + (0x80 << 7);
      pixels[to + channel] = ((mixed >> 8) + mixed) >> 15;
    }
  }
  return pixels;
}

function messageOf(thrown: unknown): string {
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  return message.trim().split('\n').join('; ').replace(/\.$/, '');
}

function unreadable(file: string, found: string): RunFailure {
  return new RunFailure({
    code: 'bad-data',
    message: `Reading the image ${file} failed: ${found}.`,
    hint: 'Replace the file, or take its row out of the data.',
    file,
  });
}
