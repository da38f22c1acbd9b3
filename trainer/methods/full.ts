/** Full fine-tuning: every parameter is trained, or those of the last layers, and the whole model is written. */
import { RunFailure, type FullConfig } from '../../protocol';
import {
  collectValues,
  countParameters,
  createParameters,
  disposeAll,
  plainTuning,
  trainedOf,
  type Adapter,
  type AttachOptions,
} from './method';

/** @throws RunFailure 'bad-config' when the model has fewer layers */
export function attachFull({ lastLayers }: FullConfig, { tensors, classifier }: AttachOptions): Adapter {
  if (lastLayers === undefined) return attachPlain(tensors, () => true);
  const { layerCount } = classifier;
  if (lastLayers > layerCount) throw tooManyLayers(lastLayers, layerCount);
  return attachPlain(tensors, (name) => classifier.layerOf(name) >= layerCount - lastLayers);
}

function tooManyLayers(lastLayers: number, layerCount: number): RunFailure {
  return new RunFailure({
    code: 'bad-config',
    message: `"method.lastLayers" is ${lastLayers}, and this model has ${layerCount} layers.`,
    hint: `Set it to ${layerCount} at most, or leave it out to train every parameter.`,
  });
}

/** Only the head that the task put on top is trained; the base keeps every bit. */
export function attachHeadOnly({ tensors, classifier }: AttachOptions): Adapter {
  return attachPlain(tensors, (name) => classifier.headShapes.has(name));
}

function attachPlain(tensors: AttachOptions['tensors'], isTrained: (name: string) => boolean): Adapter {
  const parameters = createParameters(tensors, isTrained);
  return {
    ...plainTuning(parameters),
    trained: trainedOf(parameters),
    parameterCount: countParameters(parameters.values()),
    tensorFile: 'model.safetensors',
    collectTensors: () => collectValues(parameters),
    configFiles: new Map(),
    dispose: () => {
      disposeAll(parameters.values());
    },
  };
}
