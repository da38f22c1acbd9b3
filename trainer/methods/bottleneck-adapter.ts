/**
 * Bottleneck adapters (Houlsby et al. 2019, https://arxiv.org/abs/1902.00751): small trained networks at the ends of frozen
 * sublayers. Where they sit and what goes around them is in bottleneck-settings.ts, what one computes in bottleneck.ts.
 * Written in the layout of the adapters library, which has the head in files of its own.
 */
import { RunFailure, type BottleneckConfig } from '../../protocol';
import type { Tuning } from '../models/model';
import { adapterConfig, headConfig } from './adapters-library';
import { createBottleneck, joinThrough, nameParts, type Bottleneck } from './bottleneck';
import { bottleneckWidth, settingsOf, type BottleneckSettings } from './bottleneck-settings';
import { findSites, type BottleneckSite } from './bottleneck-sites';
import { createFrozenBase } from './frozen-base';
import type { Adapter, AttachOptions } from './method';
import { assignValues, collectValues, countParameters, disposeAll } from './parameters';
import { partOf } from './tensor-part';

export const headFile = 'model_head.safetensors';

/** @throws RunFailure 'bad-config' when a layer that is left out is none of the model's, or when none is left */
export function attachBottleneck(config: BottleneckConfig, options: AttachOptions): Adapter {
  requireLayers(config, options);
  return attachBottleneckWith(settingsOf(config), config.name, options);
}

/** `name` is the adapter's own, a part of its tensors' names. */
export function attachBottleneckWith(settings: BottleneckSettings, name: string, options: AttachOptions): Adapter {
  const { parameters, tuning, fresh } = createFrozenBase(options);
  const sites = findSites(options.architecture);
  const added = addBottlenecks(sites, settings, options);
  const trained = new Map(
    [...added].flatMap(([{ name: site }, bottleneck]) => nameParts(`${site}.adapters.${name}`, bottleneck)),
  );
  const layers = [...added.keys()].map(({ layer }) => layer);
  return {
    ...tuning,
    base: tuning,
    join: joinWith(sites, added, settings, tuning),
    trained: new Map([...trained, ...fresh]),
    parameterCount: countParameters([...parameters.values(), ...trained.values()]),
    lowestTrainedLayer: Math.min(...layers, options.architecture.layerCount),
    tensorFile: 'adapter.safetensors',
    collectTensors: () => collectValues(trained),
    assign: (values) => {
      assignValues(trained, values);
    },
    tensorParts: new Map(fresh.size > 0 ? [[headFile, partOf(fresh)]] : []),
    configFiles: new Map([
      ['adapter_config.json', adapterConfig(settings, name, options)],
      ...(fresh.size > 0 ? [['head_config.json', headConfig(options)] as const] : []),
    ]),
    dispose: () => {
      disposeAll(new Set([...parameters.values(), ...trained.values()]));
    },
  };
}

function requireLayers({ leaveOut }: BottleneckConfig, { architecture: { layerCount } }: AttachOptions): void {
  const unknown = leaveOut.filter((layer) => layer >= layerCount);
  const isEmpty = new Set(leaveOut).size >= layerCount;
  if (unknown.length === 0 && !isEmpty) return;
  throw new RunFailure({
    code: 'bad-config',
    message: `"method.leaveOut" names ${unknown.length > 0 ? unknown.join(', ') : 'every layer'}, and the layers of this model are 0 to ${layerCount - 1}.`,
    hint: 'Name layers that it has, and leave one for an adapter.',
  });
}

type Added = ReadonlyMap<BottleneckSite, Bottleneck>;

function addBottlenecks(sites: readonly BottleneckSite[], settings: BottleneckSettings, options: AttachOptions): Added {
  const { architecture, random } = options;
  const hidden = architecture.hiddenSize;
  const taken = sites.filter((site) => isTaken(site, settings));
  return new Map(
    taken.map((site) => [site, createBottleneck(bottleneckWidth(settings, hidden, site.layer), hidden, settings, random)]),
  );
}

function isTaken({ layer, after }: BottleneckSite, settings: BottleneckSettings): boolean {
  if (settings.leave_out.includes(layer)) return false;
  return after === 'attention' ? settings.mh_adapter : settings.output_adapter;
}

function joinWith(sites: readonly BottleneckSite[], added: Added, settings: BottleneckSettings, tuning: Tuning): Tuning['join'] {
  const byName = new Map(sites.map((site) => [site.name, site]));
  return (name, sublayer) => {
    const site = byName.get(name);
    if (site === undefined) throw new Error(`The model joins at "${name}", which is no place for a bottleneck adapter.`);
    const bottleneck = added.get(site);
    return bottleneck ? joinThrough(bottleneck, settings, sublayer) : tuning.join(name, sublayer);
  };
}
