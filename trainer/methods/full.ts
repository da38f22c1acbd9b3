/** Full fine-tuning: every parameter is trained, and the whole model is written. */
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

export function attachFull({ tensors }: AttachOptions): Adapter {
  return attachPlain(tensors, () => true);
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
