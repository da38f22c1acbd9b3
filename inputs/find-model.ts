/** Finds the folder of a model by the name that a config gives it. Nothing is downloaded. */
import { existsSync } from 'node:fs';
import { isAbsolute, join, resolve } from 'node:path';
import { packageRoot } from './assets';
import { findInHubCache } from './find-in-hub-cache';
import { badModel } from './model-config';

/**
 * A folder, or the name of a bundled model or of one in the Hugging Face cache: `org/name[@revision]`.
 * @throws RunFailure 'bad-model' naming the places that were searched
 */
export function findModelDir(model: string, projectDir: string): string {
  const folder = isAbsolute(model) ? model : resolve(projectDir, model);
  const bundled = join(packageRoot(), 'models', model);
  const dir = [folder, bundled].find((candidate) => existsSync(join(candidate, 'config.json')));
  if (dir !== undefined) return dir;
  const cached = findInHubCache(model);
  if (cached?.kind === 'found') return cached.dir;
  const alsoThere = cached === undefined ? '' : `, and ${cached.reason}`;
  throw badModel(
    folder,
    `There is no model "${model}": neither ${folder} nor Temper's own models have a config.json of that name${alsoThere}.`,
    `Set "model" to "tiny-encoder", "tiny-decoder" or a Hugging Face model folder.${cached === undefined ? '' : ` ${cached.hint}`}`,
  );
}
