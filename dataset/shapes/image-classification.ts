/** An image and its label. Whether the image is there and can be decoded is a rule of its own. */
import { resolve } from 'node:path';
import { readLabel, readText } from './fields';
import type { ImageRow } from './rows';
import type { Shape } from './shape';

export const imageClassification: Shape<ImageRow> = {
  name: 'image-classification',
  description: 'an image and its label',
  fields: () => ({ needed: ['imageColumn', 'labelColumn'], optional: [], others: [] }),
  fits: (value, { imageColumn, labelColumn }) => isImagePath(value[imageColumn]) && !Array.isArray(value[labelColumn]),
  read(row, context) {
    const image = readText(row, context.columns.imageColumn, context);
    const label = readLabel(row, context.columns.labelColumn, context);
    if (image === undefined || label === undefined) return undefined;
    return { kind: 'image', line: row.line, image: resolve(context.folder, image), label };
  },
  view({ image, label = '' }, { imageColumn, labelColumn }) {
    const target = { path: [labelColumn], text: label };
    return { kind: 'image', input: { path: [imageColumn], text: image }, target, labels: [target], texts: [] };
  },
};

/** By the ending of its name. */
export function isImagePath(value: unknown): boolean {
  return typeof value === 'string' && /\.(?:png|jpe?g|gif|webp|bmp|tiff?|avif|heic)$/i.test(value.trim());
}
