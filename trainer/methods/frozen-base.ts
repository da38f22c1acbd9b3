/** The base as it is, with the modules that start fresh with the task trained in full: what most methods build on. */
import { isWithin } from '../models/architecture';
import type { Tuning } from '../models/model';
import type * as tf from '../tensors';
import { plainTuning, type AttachOptions } from './method';
import { createParameters, trainedOf, type Parameters } from './parameters';

export interface FrozenBase {
  /** All of them, those of the fresh modules as variables. The adapter disposes them. */
  readonly parameters: Parameters;
  readonly tuning: Tuning;
  /** Parameters of the fresh modules, under their own names. */
  readonly fresh: ReadonlyMap<string, tf.Variable>;
}

export function createFrozenBase({ tensors, architecture }: AttachOptions): FrozenBase {
  const { freshModules, transposed } = architecture;
  const parameters = createParameters(tensors, (name) => isWithin(name, freshModules), transposed);
  return { parameters, tuning: plainTuning(parameters), fresh: trainedOf(parameters) };
}
