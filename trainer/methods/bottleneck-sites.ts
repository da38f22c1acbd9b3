/** Where the adapters library keeps its modules: the two ends of sublayers in each layer, under the names that models join at. */
import { RunFailure } from '../../protocol';
import type { Architecture } from '../models/architecture';

export interface BottleneckSite {
  /** As the model says it to `join`; the library's module path ends there too. */
  readonly name: string;
  readonly layer: number;
  readonly after: 'attention' | 'feed-forward';
}

interface Places {
  readonly attention: string;
  readonly feedForward: string;
}

const beside: Places = { attention: 'attention_adapters', feedForward: 'output_adapters' };
const within: Places = { attention: 'attention.output', feedForward: 'output' };
/** Model types whose modules hold their adapters themselves. MPNet, which the library does not have, is built like them. */
const placesOf: Readonly<Record<string, Places>> = {
  bert: within,
  roberta: within,
  'xlm-roberta': within,
  camembert: within,
  mpnet: { attention: 'attention', feedForward: 'output' },
  vit: { attention: 'attention_adapters', feedForward: 'output.output_adapters' },
};

/** Of every layer, in the model's order. @throws RunFailure 'bad-config' for models of two encoders, whose layers share numbers */
export function findSites(architecture: Architecture): BottleneckSite[] {
  const { attention, feedForward } = placesOf[architecture.type] ?? beside;
  return [...layerPaths(architecture)].flatMap(([layer, path]): BottleneckSite[] => [
    { name: `${path}.${attention}`, layer, after: 'attention' },
    { name: `${path}.${feedForward}`, layer, after: 'feed-forward' },
  ]);
}

/** For instance 0 → `bert.encoder.layer.0`. */
function layerPaths(architecture: Architecture): Map<number, string> {
  const { linears, layerCount } = architecture;
  const paths = linears.flatMap((name) => {
    const path = /^.*?\.\d+(?=\.)/.exec(name)?.[0];
    const layer = architecture.layerOf(name);
    return path === undefined || layer < 0 || layer >= layerCount ? [] : [[layer, path] as const];
  });
  const found = new Map(paths);
  if (paths.some(([layer, path]) => found.get(layer) !== path)) throw twoEncoders(architecture);
  return found;
}

function twoEncoders({ type }: Architecture): RunFailure {
  return new RunFailure({
    code: 'bad-config',
    message: `"method.type" is "bottleneck-adapter", and a ${type} model has two encoders: its layers are not those of one row.`,
    hint: 'Use LoRA or IA3, which sit on linear layers.',
  });
}
