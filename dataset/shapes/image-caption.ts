/** An image and the words that describe it. */
import { resolve } from 'node:path';
import { readText } from './fields';
import { isImagePath } from './image-classification';
import type { ImageRow } from './rows';
import type { Shape } from './shape';

export const imageCaption: Shape<ImageRow> = {
  name: 'image-caption',
  description: 'an image and its caption',
  fields: () => ({ needed: ['imageColumn', 'captionColumn'], optional: [], others: [] }),
  fits: (value, { imageColumn }) => isImagePath(value[imageColumn]),
  read(row, context) {
    const image = readText(row, context.columns.imageColumn, context);
    const caption = readText(row, context.columns.captionColumn, context);
    if (image === undefined || caption === undefined) return undefined;
    return { kind: 'image', line: row.line, image: resolve(context.folder, image), caption };
  },
  view({ image, caption = '' }, { imageColumn, captionColumn }) {
    const target = { path: [captionColumn], text: caption };
    return { kind: 'image', input: { path: [imageColumn], text: image }, target, labels: [], texts: [target] };
  },
};
