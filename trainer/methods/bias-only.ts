/** BitFit (Ben Zaken et al. 2021, https://arxiv.org/abs/2106.10199): only biases are trained, and what starts fresh with the task. */
import { RunFailure } from '../../protocol';
import { isWithin } from '../models/architecture';
import { attachPlain } from './full';
import type { Adapter, AttachOptions } from './method';

/** @throws RunFailure 'bad-config' when the base has no biases */
export function attachBiasOnly(options: AttachOptions): Adapter {
  const { shapes, freshModules, type } = options.architecture;
  const isFresh = (name: string) => isWithin(name, freshModules);
  if (![...shapes.keys()].some((name) => isBias(name) && !isFresh(name))) throw noBiases(type);
  return attachPlain(options, (name) => isBias(name) || isFresh(name));
}

function isBias(name: string): boolean {
  return name.endsWith('.bias');
}

function noBiases(type: string): RunFailure {
  return new RunFailure({
    code: 'bad-config',
    message: `"method.type" is "bias-only", and this ${type} model has no biases.`,
    hint: 'Choose another method: "lora" or "ia3" train about as little.',
  });
}
