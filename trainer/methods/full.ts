/** Full fine-tuning: every parameter is trained, or those of the last layers, and the whole model is written. */
import { RunFailure, type FullConfig } from '../../protocol';
import { isWithin } from '../models/architecture';
import { plainTuning, type Adapter, type AttachOptions } from './method';
import { assignValues, collectValues, countParameters, createParameters, disposeAll, trainedOf } from './parameters';

/** @throws RunFailure 'bad-config' when the model has fewer layers */
export function attachFull({ lastLayers }: FullConfig, options: AttachOptions): Adapter {
  if (lastLayers === undefined) return attachPlain(options, () => true);
  const { architecture } = options;
  const { layerCount } = architecture;
  if (lastLayers > layerCount) throw tooManyLayers(lastLayers, layerCount);
  return attachPlain(options, (name) => architecture.layerOf(name) >= layerCount - lastLayers);
}

function tooManyLayers(lastLayers: number, layerCount: number): RunFailure {
  return new RunFailure({
    code: 'bad-config',
    message: `"method.lastLayers" is ${lastLayers}, and this model has ${layerCount} layers.`,
    hint: `Set it to ${layerCount} at most, or leave it out to train every parameter.`,
  });
}

/** Only the head that the task put on top is trained; the base keeps every bit. @throws RunFailure 'bad-config' without one */
export function attachHeadOnly(options: AttachOptions): Adapter {
  const { freshModules, type } = options.architecture;
  if (freshModules.length === 0) throw noHead(type);
  return attachPlain(options, (name) => isWithin(name, freshModules));
}

function noHead(type: string): RunFailure {
  return new RunFailure({
    code: 'bad-config',
    message: `"method.type" is "head-only", and the task puts nothing of its own on this ${type} model: it scores tokens with what it has.`,
    hint: 'Choose another method: "lora" is the usual one.',
  });
}

/** Trains some of the model's own parameters, and writes the whole model. */
export function attachPlain({ tensors, architecture }: AttachOptions, isTrained: (name: string) => boolean): Adapter {
  const { transposed } = architecture;
  const parameters = createParameters(tensors, isTrained, transposed);
  const trained = trainedOf(parameters);
  const collect = () => collectValues(parameters, transposed);
  return {
    ...plainTuning(parameters),
    trained,
    parameterCount: countParameters(parameters.values()),
    lowestTrainedLayer: Math.min(...[...trained.keys()].map((name) => architecture.layerOf(name))),
    tensorFile: 'model.safetensors',
    collectTensors: collect,
    configFiles: new Map(),
    assign: (values) => {
      assignValues(trained, values, transposed);
    },
    merging: { merge: () => undefined, unmerge: () => undefined, collectBase: collect },
    dispose: () => {
      disposeAll(parameters.values());
    },
  };
}
