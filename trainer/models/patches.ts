/**
 * Images as rows of tokens: cut into patches, each of which one linear layer turns into a token, with a learnt position each
 * (Dosovitskiy et al. 2020, https://arxiv.org/abs/2010.11929). In the file that layer is a convolution whose stride is its
 * own size, and so it stays in memory. Positions are those of one size of image: other sizes are refused, not interpolated.
 */
import { z } from 'zod';
import { RunFailure } from '../../protocol';
import { dense } from '../ops/dense';
import { embedding } from '../ops/embedding';
import { prependToRows } from '../ops/prepend-to-rows';
import { startsOf } from '../ops/sequences';
import * as tf from '../tensors';
import { count } from './config-fields';
import type { ImageBatch, ImageSize, Layout, Pass } from './model';

/** One number for a square, or height and width. */
const size = z
  .union([count, z.tuple([count, count])])
  .transform((value): ImageSize => (typeof value === 'number' ? square(value) : { height: value[0], width: value[1] }));

function square(side: number): ImageSize {
  return { height: side, width: side };
}

/** What config.json says of images: in all models alike, but for the patch that is meant when none is given. */
export function imageFields(defaultPatch: number) {
  return {
    image_size: size.default(square(224)),
    patch_size: size.default(square(defaultPatch)),
    num_channels: z.literal(3, { error: 'Temper reads images of 3 channels only' }).default(3),
  };
}

interface ImageFields {
  readonly image_size: ImageSize;
  readonly patch_size: ImageSize;
}

export interface PatchGrid {
  readonly image: ImageSize;
  readonly patch: ImageSize;
  readonly rows: number;
  readonly columns: number;
  /** Tokens in front of the patches: 1 where there is a class token. */
  readonly classTokens: 0 | 1;
  /** Of one image, the class token counted. */
  readonly tokens: number;
  /** Numbers in a patch, of all three channels. */
  readonly patchNumbers: number;
}

/** What does not fill a patch at the right and at the bottom is left out, as a convolution leaves it out. */
export function createGrid({ image_size: image, patch_size: patch }: ImageFields, classTokens: 0 | 1): PatchGrid {
  const rows = Math.floor(image.height / patch.height);
  const columns = Math.floor(image.width / patch.width);
  const patchNumbers = 3 * patch.height * patch.width;
  return { image, patch, rows, columns, classTokens, tokens: rows * columns + classTokens, patchNumbers };
}

/** Every image has as many tokens; each stands at its own position. */
export function layoutOfImages({ rows }: ImageBatch, { tokens }: PatchGrid): Layout {
  const starts = startsOf(Array.from({ length: rows }, () => tokens));
  return { starts, positions: Int32Array.from({ length: rows * tokens }, (_, token) => token % tokens) };
}

export interface PatchParts {
  /** Module path of the convolution: its weight [hidden, 3, patch, patch], and its bias where there is one. */
  readonly projection: string;
  readonly bias: boolean;
  /** [1, hidden], where the grid has a class token. */
  readonly classToken?: tf.Tensor2D;
}

/** [tokens, hidden], without positions. @throws RunFailure 'bad-data' when the images have not the model's size */
export function embedPatches(
  batch: ImageBatch,
  grid: PatchGrid,
  { projection, bias, classToken }: PatchParts,
  { tuning }: Pass,
): tf.Tensor2D {
  requireSize(batch, grid);
  const weight = tuning.parameter(`${projection}.weight`);
  const matrix = tf.reshape<tf.Rank.R2>(weight, [weight.size / grid.patchNumbers, grid.patchNumbers]);
  const shift = bias ? (tuning.parameter(`${projection}.bias`) as tf.Tensor1D) : undefined; // shapes are checked when the file is read
  const patches = batch.rows * grid.rows * grid.columns;
  const x = dense(tf.tensor2d(unfold(batch, grid), [patches, grid.patchNumbers]), matrix, shift); // [patches, H]
  if (classToken === undefined) return x;
  return prependToRows(classToken, x, startsOf(Array.from({ length: batch.rows }, () => grid.rows * grid.columns))).x;
}

/** Rows of a table of positions that is no module's weight: [1, positions, hidden] → [tokens, hidden]. */
export function embedPositions(table: tf.Tensor, { positions }: Layout): tf.Tensor2D {
  const rows = tf.reshape<tf.Rank.R2>(table, [table.shape[1] ?? 0, table.shape[2] ?? 0]);
  return embedding(rows, tf.tensor1d(positions, 'int32'));
}

/** Patch by patch in reading order, each as [3, height, width]: what a row of the convolution's weight is multiplied with. */
function unfold({ rows, pixels }: ImageBatch, { image, patch, rows: gridRows, columns }: PatchGrid): Float32Array {
  const { height, width } = image;
  const unfolded = new Float32Array(rows * gridRows * columns * 3 * patch.height * patch.width);
  let at = 0;
  for (let row = 0; row < rows; row++)
    for (let patchRow = 0; patchRow < gridRows; patchRow++)
      for (let column = 0; column < columns; column++)
        for (let channel = 0; channel < 3; channel++)
          for (let line = 0; line < patch.height; line++, at += patch.width) {
            const from = ((row * 3 + channel) * height + patchRow * patch.height + line) * width + column * patch.width;
            unfolded.set(pixels.subarray(from, from + patch.width), at);
          }
  return unfolded;
}

function requireSize({ height, width }: ImageBatch, { image }: PatchGrid): void {
  if (height === image.height && width === image.width) return;
  throw new RunFailure({
    code: 'bad-data',
    message: `The images are ${width} × ${height} pixels, and the model has positions for ${image.width} × ${image.height}.`,
    hint: "Use the preprocessor_config.json that belongs to the model's weights; Temper does not interpolate positions.",
  });
}
