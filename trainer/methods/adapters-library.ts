/** The JSON files of the adapters library (https://github.com/adapter-hub/adapters) beside its tensors. */
import type { AttachOptions } from './method';
import { libraryConfig, type BottleneckSettings } from './bottleneck-settings';

/** The release whose layout is written. */
const version = 'adapters.1.3.0';

export function adapterConfig(settings: BottleneckSettings, name: string, options: AttachOptions): unknown {
  return { config: libraryConfig(settings), ...describeModel(options), name };
}

export function headConfig(options: AttachOptions): unknown {
  const labels = options.labels ?? unnamedLabels(options);
  const label2id = Object.fromEntries(labels.map((label, index) => [label, index]));
  return { config: null, ...describeModel(options), label2id, name: null, num_labels: labels.length };
}

/** As transformers calls classes without names: LABEL_0 and so on, as many as the head has outputs. */
function unnamedLabels({ architecture }: AttachOptions): string[] {
  const outputs = architecture.shapes.get(`${architecture.freshModules.at(-1)}.weight`)?.[0] ?? 0;
  return Array.from({ length: outputs }, (_, index) => `LABEL_${index}`);
}

function describeModel({ architecture, modelDir }: AttachOptions): Record<string, unknown> {
  const { className, hiddenSize, type } = architecture;
  return { hidden_size: hiddenSize, model_class: className, model_name: modelDir, model_type: type, version };
}
