/**
 * Hugging Face folders of models that see: classifiers of images, and models that put texts and images into one space. Read
 * as strictly as those that read (model-folder.ts). How their images are prepared is in images/preprocess.ts.
 */
import { badModel, readModelConfig } from '../inputs/model-config';
import type { RunFailure } from '../protocol';
import { architectureOfImages, type Architecture } from './models/architecture';
import { architectureOfDualEncoder, type DualEncoder } from './models/dual-encoder';
import { noParts } from './models/declare-parts';
import type { ImageModel } from './models/model';
import { dualEncoderFamilies, imageFamilies } from './models/registry';
import { createAsDescribed, readTensors, type LoadedModel } from './model-folder';

/** What is read of every folder: see LoadedModel. */
interface LoadedFolder extends Pick<LoadedModel, 'dir' | 'config' | 'notes' | 'tensors' | 'packed' | 'weights'> {
  readonly architecture: Architecture;
}

export interface LoadedImageModel extends ImageModel, LoadedFolder {}

export interface LoadedDualEncoder extends LoadedFolder {
  readonly model: DualEncoder;
}

export interface ImageModelRequest {
  /** How many classes the head tells apart. */
  readonly labels: number;
  /** Of the head, where the folder has none that fits. */
  readonly seed: number;
}

/** @throws RunFailure 'bad-model' naming the folder and everything that does not fit */
export async function readImageModel(dir: string, { labels, seed }: ImageModelRequest): Promise<LoadedImageModel> {
  const config = await readModelConfig(dir);
  const type = String(config['model_type']);
  const family = imageFamilies.get(type);
  if (family === undefined) throw unknownType(dir, type, 'image classification', imageFamilies);
  const { backbone, head } = createAsDescribed(dir, type, () => ({
    backbone: family.create(config),
    head: family.heads['image-classification'](config, labels),
  }));
  const { notes, ...read } = await readTensors(dir, { backbone, head }, { initialWeights: 'pretrained', seed });
  const architecture = architectureOfImages({ backbone, head });
  return { backbone, head, dir, config, architecture, ...read, notes: [...backbone.notes, ...notes] };
}

/** Nothing in it starts fresh: every tensor must be there. @throws RunFailure 'bad-model' naming everything that does not fit */
export async function readDualEncoder(dir: string): Promise<LoadedDualEncoder> {
  const config = await readModelConfig(dir);
  const type = String(config['model_type']);
  const family = dualEncoderFamilies.get(type);
  if (family === undefined) throw unknownType(dir, type, 'texts together with images', dualEncoderFamilies);
  const model = createAsDescribed(dir, type, () => family.create(config));
  const whole = { backbone: { ...model, basePrefix: '', initializerRange: 0 }, head: { ...noParts, modules: [] } };
  const { notes, ...read } = await readTensors(dir, whole, { initialWeights: 'pretrained', seed: 0 });
  const architecture = architectureOfDualEncoder(model);
  return { model, dir, config, architecture, ...read, notes: [...model.notes, ...notes] };
}

function unknownType(dir: string, type: string, task: string, families: ReadonlyMap<string, unknown>): RunFailure {
  return badModel(
    dir,
    `The model in ${dir} has model_type "${type}"; Temper can train for ${task}: ${[...families.keys()].join(', ')}.`,
    'Choose a model of one of these types.',
  );
}
