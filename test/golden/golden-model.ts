/** A model of test/golden/models, loaded for another test. */
import { join } from 'node:path';
import { readModel, type LoadedModel } from '../../trainer/model-folder';
import type { HeadKind } from '../../trainer/models/model';
import { goldenDir } from './golden-dir';

/** `labels` for heads that tell classes apart. */
export function loadGoldenModel(name: string, head: HeadKind, labels = 0): Promise<Omit<LoadedModel, 'tokenizer'>> {
  return readModel(join(goldenDir, 'models', name), { head, labels, initialWeights: 'pretrained', seed: 0 });
}
