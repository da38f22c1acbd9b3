/** Opens bottleneck adapters that the adapters library has saved, or Temper in its layout. */
import { z } from 'zod';
import type { NamedTensor, NamedTensors } from '../safetensors';
import { badAdapter, describeDifferences, parseAdapterJson, readAdapterJson, readAdapterTensors } from './adapter-files';
import { attachBottleneckWith, headFile } from './bottleneck-adapter';
import { bottleneckSettingsSchema } from './bottleneck-settings';
import type { Adapter, AttachOptions } from './method';
import { withoutPacked } from './unpack-base';

const folderSchema = z.object({
  name: z.string().min(1),
  model_type: z.string(),
  hidden_size: z.number().nullish(),
  version: z.string().optional(),
  config: bottleneckSettingsSchema.extend({
    architecture: z.null({ error: 'is for methods other than bottleneck adapters, which Temper reads' }).optional(),
  }),
});
type FolderConfig = z.infer<typeof folderSchema>;

/** Whether an adapter_config.json is the adapters library's: PEFT's has no `config`. */
export function isAdaptersLibrary(config: unknown): boolean {
  return z.object({ config: z.looseObject({}), model_type: z.string() }).safeParse(config).success;
}

/** @throws RunFailure 'bad-checkpoint' naming everything that does not fit */
export async function attachAdaptersFolder(dir: string, given: AttachOptions): Promise<Adapter> {
  const options = withoutPacked(given);
  const config = parseAdapterJson(dir, 'adapter_config.json', folderSchema, await readAdapterJson(dir, 'adapter_config.json'));
  requireWidths(dir, config, options);
  const adapter = attachBottleneckWith(config.config, config.name, options);
  try {
    const values = await readAdapterTensors(dir, adapter.tensorFile);
    const head = withoutBase(await readAdapterTensors(dir, headFile), adapter, options);
    const problems = [...describeModel(config, options), ...describeTensors(adapter, values, head, options)];
    if (problems.length > 0) throw badAdapter(dir, problems);
    adapter.assign(values);
    adapter.tensorParts?.get(headFile)?.assign(head);
    return adapter;
  } catch (thrown) {
    adapter.dispose();
    throw thrown;
  }
}

/** A reduction factor for each layer, or for all others. */
function requireWidths(dir: string, { config }: FolderConfig, { architecture: { layerCount } }: AttachOptions): void {
  const { reduction_factor: factor, leave_out: left } = config;
  if (typeof factor === 'number' || factor['default'] !== undefined) return;
  const layers = Array.from({ length: layerCount }, (_, layer) => layer);
  const without = layers.filter((layer) => !left.includes(layer) && factor[String(layer)] === undefined);
  if (without.length > 0)
    throw badAdapter(dir, [`"reduction_factor" says nothing of layers ${without.join(', ')} and has no "default"`]);
}

/** The library saves the whole head of some classes: what is the base's own, unchanged, is not the adapter's. */
function withoutBase(head: NamedTensors, { trained }: Adapter, { tensors }: AttachOptions): NamedTensors {
  const isBase = (name: string, { shape, values }: NamedTensor) => {
    const own = tensors.get(name);
    return own?.shape.join() === shape.join() && own.values.every((value, index) => value === values[index]);
  };
  return new Map([...head].filter(([name, tensor]) => trained.has(name) || !isBase(name, tensor)));
}

function describeModel({ model_type: type, hidden_size: hidden }: FolderConfig, { architecture }: AttachOptions): string[] {
  return [
    ...(type === architecture.type ? [] : [`it is for a model of type "${type}", and this one is "${architecture.type}"`]),
    ...(hidden == null || hidden === architecture.hiddenSize
      ? []
      : [`it is for a hidden size of ${hidden}, and this model's is ${architecture.hiddenSize}`]),
  ];
}

function describeTensors(adapter: Adapter, values: NamedTensors, head: NamedTensors, { architecture }: AttachOptions): string[] {
  const inHead = (name: string) => architecture.shapes.has(name);
  const bottlenecks = new Map([...adapter.trained].filter(([name]) => !inHead(name)));
  const fresh = new Map([...adapter.trained].filter(([name]) => inHead(name)));
  return [...describeDifferences(adapter.tensorFile, bottlenecks, values), ...describeDifferences(headFile, fresh, head)];
}
