/**
 * The frozen model beneath methods that change its linear layers: its parameters as float32, or those linear layers packed
 * as NF4; and, while a method is merged, the merged weights in their place. It owns every tensor.
 */
import { isWithin, type Architecture } from '../models/architecture';
import type { Tuning } from '../models/model';
import { dense } from '../ops/dense';
import { lowRankDense } from '../ops/low-rank-dense';
import {
  createNf4Maps,
  createNf4Weight,
  denseNf4,
  dequantizeNf4,
  disposeNf4Weight,
  readNf4Weight,
  type Nf4Weight,
} from '../ops/nf4';
import { quantizeNf4, type Nf4Data } from '../ops/nf4-format';
import type { NamedTensor } from '../safetensors';
import * as tf from '../tensors';
import { plainTuning, type AttachOptions, type Merging } from './method';
import { collectValues, countParameters, createParameters, disposeAll, toMemory, type Parameters } from './parameters';
import { unpackLayer } from './unpack-base';

/** A linear layer whose weight does not change, whatever it is kept as. */
export interface FrozenLinear {
  /** [out, in] */
  readonly shape: readonly [number, number];
  readonly bias: tf.Tensor1D | undefined;
  /** x Wᵀ, with the bias when it is given: [rows, out] */
  apply(x: tf.Tensor2D, bias?: tf.Tensor1D): tf.Tensor2D;
  /** x Wᵀ + scale · (x Aᵀ) Bᵀ, with the bias when it is given: [rows, out] */
  updated(x: tf.Tensor2D, update: LowRank, bias?: tf.Tensor1D): tf.Tensor2D;
  /** The weight as float32; of packed ones a new tensor. */
  weight(): tf.Tensor2D;
}

export interface LowRank {
  /** [r, in] */
  readonly a: tf.Tensor2D;
  /** [out, r] */
  readonly b: tf.Tensor2D;
  readonly scale: number;
}

export interface BaseLayers {
  /** What is kept as float32, trained or not. */
  readonly parameters: Parameters;
  /** The base by itself, or what a method was merged into. */
  readonly tuning: Tuning;
  readonly parameterCount: number;
  isMerged(): boolean;
  linear(name: string): FrozenLinear;
  /** `createMerged` makes the merged weights, in memory's layout, by their names; they are owned from then on. */
  mergingOf(createMerged: () => ReadonlyMap<string, tf.Tensor>, note?: string): Merging;
  dispose(): void;
}

/** Everything as float32. */
export function createBaseLayers(options: AttachOptions, isTrained: (name: string) => boolean): BaseLayers {
  const { tensors, architecture } = options;
  return baseLayers(createParameters(tensors, isTrained, architecture.transposed), new Map(), architecture);
}

/** The linear layers of the base packed, but for those within `kept`; all else as float32. */
export function createPackedLayers(
  options: AttachOptions,
  isTrained: (name: string) => boolean,
  kept: readonly string[],
): BaseLayers {
  const { tensors, architecture } = options;
  const modules = architecture.linears.filter((name) => !isWithin(name, kept));
  const packed = packLayers(modules, options);
  const rest = new Map([...tensors].filter(([name]) => !packed.has(name.replace(/\.weight$/, ''))));
  return baseLayers(createParameters(rest, isTrained, architecture.transposed), packed, architecture);
}

/** One after the other, so that no more than one layer is there twice. */
function packLayers(modules: readonly string[], { tensors, packed, architecture }: AttachOptions): Map<string, Nf4Weight> {
  const weights = new Map<string, Nf4Weight>();
  let maps: ReturnType<typeof createNf4Maps> | undefined;
  for (const module of modules) {
    const data = packed?.get(module) ?? quantize(`${module}.weight`, tensors.get(`${module}.weight`), architecture);
    if (data === undefined) continue; // the model says what it lacks when it asks for it
    maps ??= createNf4Maps(data);
    weights.set(module, createNf4Weight(data, maps));
  }
  if (maps) tf.dispose({ ...maps });
  return weights;
}

function quantize(name: string, stored: NamedTensor | undefined, { transposed }: Architecture): Nf4Data | undefined {
  if (stored === undefined) return undefined;
  const { shape, values } = toMemory(name, stored, transposed);
  const [rows = 0, columns = 0] = shape;
  return quantizeNf4(values, rows, columns);
}

function baseLayers(parameters: Parameters, packed: ReadonlyMap<string, Nf4Weight>, { transposed }: Architecture): BaseLayers {
  const current = new Map(parameters);
  const merged = new Map<string, tf.Tensor>();
  const plain = plainTuning(current);
  const linear = (name: string) => frozenLinear(name, parameters, packed.get(name));
  const isPacked = (name: string) => packed.has(name) && !current.has(`${name}.weight`);
  const packedCounts = [...packed.values()].map(({ rows, columns }) => ({ shape: [rows, columns] }));
  const unmerge = () => {
    for (const [name, tensor] of merged) restore(current, name, parameters.get(name), tensor);
    merged.clear();
  };
  return {
    parameters,
    tuning: { ...plain, linear: (name, x) => (isPacked(name) ? applyWhole(linear(name), x) : plain.linear(name, x)) },
    parameterCount: countParameters([...parameters.values(), ...packedCounts]),
    isMerged: () => merged.size > 0,
    linear,
    mergingOf: (createMerged, note) => ({
      merge() {
        if (merged.size > 0) return;
        for (const [name, tensor] of createMerged()) {
          merged.set(name, tensor);
          current.set(name, tensor);
        }
      },
      unmerge,
      // Packed layers are unpacked by JavaScript: not one of them gets onto the backend.
      collectBase: async () => {
        const unmerged = [...packed].filter(([name]) => isPacked(name));
        const unpacked = unmerged.map(([name, weight]) => unpackLayer([name, readNf4Weight(weight)], transposed));
        return new Map([...unpacked, ...(await collectValues(current, transposed))]);
      },
      ...(note === undefined ? {} : { note }),
    }),
    dispose() {
      unmerge();
      for (const weight of packed.values()) disposeNf4Weight(weight);
      disposeAll(parameters.values());
    },
  };
}

function restore(current: Map<string, tf.Tensor>, name: string, original: tf.Tensor | undefined, merged: tf.Tensor): void {
  if (original) current.set(name, original);
  else current.delete(name);
  merged.dispose();
}

function frozenLinear(name: string, parameters: Parameters, packed: Nf4Weight | undefined): FrozenLinear {
  const bias = parameters.get(`${name}.bias`) as tf.Tensor1D | undefined; // shapes are checked when the file is read
  if (packed) return packedLinear(packed, bias);
  const weight = parameters.get(`${name}.weight`) as tf.Tensor2D | undefined;
  if (weight === undefined) throw new Error(`"${name}" is no linear layer of the model.`);
  return {
    shape: weight.shape,
    bias,
    apply: (x, added) => dense(x, weight, added),
    updated: (x, update, added) => lowRankDense({ x, weight, bias: added, ...update }),
    weight: () => weight,
  };
}

function packedLinear(packed: Nf4Weight, bias: tf.Tensor1D | undefined): FrozenLinear {
  return {
    shape: [packed.rows, packed.columns],
    bias,
    apply: (x, added) => denseNf4(x, packed, added),
    updated: (x, update, added) => tf.add(denseNf4(x, packed, added), lowRankProduct(x, update)),
    weight: () => dequantizeNf4(packed),
  };
}

function applyWhole(layer: FrozenLinear, x: tf.Tensor2D): tf.Tensor2D {
  return layer.apply(x, layer.bias);
}

/** scale · (x Aᵀ) Bᵀ [rows, out] */
export function lowRankProduct(x: tf.Tensor2D, { a, b, scale }: LowRank): tf.Tensor2D {
  return dense(tf.mul(dense(x, a), scale), b);
}
