/**
 * Pixels to the numbers that a model of images takes: resized, cropped, scaled and normalised in the order and the rounding
 * of transformers' image processors that use Pillow. sharp only decodes: its own resizing rounds otherwise, and a model
 * answers differently to pixels that it was not trained on.
 */
import { readImage, type PixelImage } from './decode';
import { readImageSteps, type ImageSize, type ImageSteps } from './preprocessor-config';
import { resize } from './resize';

export interface ImageTensor {
  /** Three channels, height, width. */
  readonly shape: readonly [3, number, number];
  readonly values: Float32Array;
}

export interface ImageProcessor {
  readonly steps: ImageSteps;
  /** @throws RunFailure 'bad-data' naming the file when it is no image, or a broken one */
  read(file: string): Promise<ImageTensor>;
}

/** @throws RunFailure 'bad-model' when the folder does not say how it wants its images */
export async function readImageProcessor(modelDir: string): Promise<ImageProcessor> {
  const steps = await readImageSteps(modelDir);
  return { steps, read: async (file) => preprocess(await readImage(file), steps) };
}

export function preprocess(image: PixelImage, steps: ImageSteps): ImageTensor {
  const { resize: resizing, centerCrop } = steps;
  const size = resizing && ('shortestEdge' in resizing.to ? keepAspect(image, resizing.to.shortestEdge) : resizing.to);
  const resized = size === undefined ? image : resize(image, size.width, size.height, resizing?.resample ?? 0);
  return toTensor(centerCrop === undefined ? resized : cropCenter(resized, centerCrop), steps);
}

/** The longer side is rounded down. */
function keepAspect({ width, height }: PixelImage, shortest: number): ImageSize {
  const longest = Math.trunc((shortest * Math.max(width, height)) / Math.min(width, height));
  return width <= height ? { height: longest, width: shortest } : { height: shortest, width: longest };
}

/** Where the image is smaller than the crop, black is put around it. */
function cropCenter({ width, height, pixels }: PixelImage, size: ImageSize): PixelImage {
  const top = cropOffset(height, size.height);
  const left = cropOffset(width, size.width);
  const cropped = new Uint8Array(size.width * size.height * 3);
  const firstColumn = Math.max(0, -left);
  const columns = Math.min(size.width, width - left) - firstColumn;
  for (let row = Math.max(0, -top); row < Math.min(size.height, height - top); row++) {
    const from = ((row + top) * width + left + firstColumn) * 3;
    cropped.set(pixels.subarray(from, from + columns * 3), (row * size.width + firstColumn) * 3);
  }
  return { ...size, pixels: cropped };
}

/** Where the crop begins; negative when it is the larger one. */
function cropOffset(extent: number, crop: number): number {
  return Math.floor((extent - crop) / 2);
}

/** There are 256 values a channel can have: each is computed once, in float32 as NumPy does. */
function toTensor({ width, height, pixels }: PixelImage, { rescaleFactor, normalize }: ImageSteps): ImageTensor {
  const area = width * height;
  const values = new Float32Array(3 * area);
  for (let channel = 0; channel < 3; channel++) {
    const mean = normalize?.mean[channel] ?? 0;
    const std = normalize?.std[channel] ?? 1;
    const table = Float32Array.from({ length: 256 }, (_, value) => {
      const scaled = Math.fround(value * (rescaleFactor ?? 1));
      return Math.fround(scaled - Math.fround(mean)) / Math.fround(std);
    });
    for (let pixel = 0; pixel < area; pixel++) values[channel * area + pixel] = table[pixels[3 * pixel + channel] ?? 0] ?? NaN;
  }
  return { shape: [3, height, width], values };
}
