/** preprocessor_config.json: what a model wants done to its images, in the spellings of all versions of transformers. */
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { RunFailure } from '../../protocol';
import { resampleNumbers } from './resize';

/** A step that is not done is undefined. Sizes in pixels. */
export interface ImageSteps {
  readonly resize: { readonly to: ImageSize | { readonly shortestEdge: number }; readonly resample: number } | undefined;
  readonly centerCrop: ImageSize | undefined;
  readonly rescaleFactor: number | undefined;
  readonly normalize: { readonly mean: readonly number[]; readonly std: readonly number[] } | undefined;
}

export interface ImageSize {
  readonly height: number;
  readonly width: number;
}

/** More than any model takes, and little enough to be held. */
const extent = z.number().int().min(1).max(8192);
const sides = z.looseObject({ height: extent, width: extent });
const anySize = z.union([extent, sides, z.looseObject({ shortest_edge: extent })]);
const perChannel = z.union([z.number().transform((value) => [value, value, value]), z.array(z.number()).length(3)]);
const resample = z.number().refine((value) => resampleNumbers.includes(value), `known are ${resampleNumbers.join(', ')}`);

const configSchema = z.looseObject({
  image_processor_type: z.string().nullish(),
  feature_extractor_type: z.string().nullish(),
  do_resize: z.boolean().nullish(),
  size: anySize.nullish(),
  resample: resample.nullish(),
  do_center_crop: z.boolean().nullish(),
  crop_size: z.union([extent, sides]).nullish(),
  do_rescale: z.boolean().nullish(),
  rescale_factor: z.number().positive().nullish(),
  do_normalize: z.boolean().nullish(),
  image_mean: perChannel.nullish(),
  image_std: perChannel.refine((std) => std.every((value) => value !== 0), 'a deviation of 0 cannot be divided by').nullish(),
});

const clipColors = { mean: [0.48145466, 0.4578275, 0.40821073], std: [0.26862954, 0.26130258, 0.27577711] };
const halves = { mean: [0.5, 0.5, 0.5], std: [0.5, 0.5, 0.5] };

/** What a file leaves out, its class says: transformers' defaults. A size without a side is of the shortest edge in CLIP only. */
const families = [
  { name: /CLIP/, resample: 3, size: { shortest_edge: 224 }, isSquare: false, crop: true, colors: clipColors },
  { name: /Blip/, resample: 3, size: { height: 384, width: 384 }, isSquare: true, crop: false, colors: clipColors },
  { name: /Siglip/, resample: 3, size: { height: 224, width: 224 }, isSquare: true, crop: false, colors: halves },
  { name: /(?:)/, resample: 2, size: { height: 224, width: 224 }, isSquare: true, crop: false, colors: halves }, // ViT and others
] as const;

/**
 * Reads preprocessor_config.json, or the part of processor_config.json where version 5 writes it for models of two kinds.
 * @throws RunFailure 'bad-model' naming the file and everything wrong with it
 */
export async function readImageSteps(modelDir: string): Promise<ImageSteps> {
  const file = join(modelDir, 'preprocessor_config.json');
  if (existsSync(file)) return parseImageSteps(await readJson(file), file);
  const combined = join(modelDir, 'processor_config.json');
  if (!existsSync(combined)) throw unusable(file, ['it is missing']);
  const parsed = z.looseObject({ image_processor: z.unknown() }).safeParse(await readJson(combined));
  return parseImageSteps(parsed.data?.image_processor, combined);
}

export function parseImageSteps(input: unknown, file: string): ImageSteps {
  const parsed = configSchema.safeParse(input);
  if (!parsed.success) throw unusable(file, parsed.error.issues.map(describeIssue));
  const config = parsed.data;
  const type = config.image_processor_type ?? config.feature_extractor_type ?? '';
  const family = families.find(({ name }) => name.test(type)) ?? families[3];
  const crop = config.crop_size ?? 224;
  return {
    resize:
      (config.do_resize ?? true)
        ? { to: parseSize(config.size ?? family.size, family.isSquare), resample: config.resample ?? family.resample }
        : undefined,
    centerCrop:
      (config.do_center_crop ?? family.crop) ? (typeof crop === 'number' ? { height: crop, width: crop } : crop) : undefined,
    rescaleFactor: (config.do_rescale ?? true) ? (config.rescale_factor ?? 1 / 255) : undefined,
    normalize:
      (config.do_normalize ?? true)
        ? { mean: config.image_mean ?? family.colors.mean, std: config.image_std ?? family.colors.std }
        : undefined,
  };
}

function parseSize(size: z.infer<typeof anySize>, isSquare: boolean): ImageSize | { shortestEdge: number } {
  if (typeof size === 'number') return isSquare ? { height: size, width: size } : { shortestEdge: size };
  if ('shortest_edge' in size && typeof size.shortest_edge === 'number') return { shortestEdge: size.shortest_edge };
  return sides.parse(size);
}

async function readJson(file: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(file, 'utf8'));
  } catch (thrown) {
    throw unusable(file, [thrown instanceof Error ? thrown.message : String(thrown)]);
  }
}

function describeIssue({ path, message }: z.core.$ZodIssue): string {
  return path.length === 0 ? message : `"${path.join('.')}": ${message}`;
}

function unusable(file: string, mismatches: readonly string[]): RunFailure {
  return new RunFailure({
    code: 'bad-model',
    message: `Reading how the model wants its images, from ${file}, failed: ${mismatches.join('; ')}.`,
    hint: 'A model of images needs the preprocessor_config.json that belongs to its weights. Copy or download it again.',
    file,
  });
}
