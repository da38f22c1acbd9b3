/** From prepared images (trainer/images) to what a model of images reads. */
import type { ImageBatch } from './model';

/** Three channels, height, width: already resized and normalised. */
export interface PreparedImage {
  readonly shape: readonly [3, number, number];
  readonly values: Float32Array;
}

/** One behind the other. All must have the same size. */
export function packImages(images: readonly PreparedImage[]): ImageBatch {
  const [, height, width] = images[0]?.shape ?? [3, 0, 0];
  const other = images.find(({ shape }) => shape[1] !== height || shape[2] !== width);
  if (other) throw new Error(`An image of ${other.shape.join(' × ')} cannot lie in a batch of 3 × ${height} × ${width}.`);
  const pixels = new Float32Array(images.length * 3 * height * width);
  images.forEach(({ values }, row) => {
    pixels.set(values, row * 3 * height * width);
  });
  return { rows: images.length, height, width, pixels };
}
