/** From the tensors of a file to those of a model: named as it names them, all of them there, what is fresh initialised. */
import type { Random } from '../dataset/seeded-random';
import { RunFailure } from '../protocol';
import { initializeNormal } from './initializers';
import { isWithin } from './models/architecture';
import type { Backbone, Head, Parts, Shapes } from './models/model';
import type { PackedTensors } from './ops/nf4-file';
import type { NamedTensor, NamedTensors } from './safetensors';

/** What there is to know of a model to read its file. */
export interface ModelParts {
  readonly backbone: Parts & Pick<Backbone, 'basePrefix' | 'transposed' | 'initializerRange'>;
  readonly head: Parts & Pick<Head, 'modules' | 'vocabulary'>;
}

interface CompleteTensors {
  readonly tensors: NamedTensors;
  /** Names of those that the file does not have and that were initialised. */
  readonly fresh: readonly string[];
  /** Linear layers that the file has in 4 bits, by module path. */
  readonly packed?: PackedTensors['packed'];
}

/** Names as the model has them, the base checked, the head taken over where it fits and initialised where it does not. */
export function completeTensors(
  file: string,
  model: ModelParts,
  { tensors: found, packed: foundPacked }: PackedTensors,
  random: Random,
): CompleteTensors {
  const { backbone, head } = model;
  const packed = new Map(
    [...foundPacked].map(([module, data]) => [fullName(`${module}.weight`, model).replace(/\.weight$/, ''), data]),
  );
  const named = new Map([...found].map(([name, tensor]) => [fullName(name, model), tensor]));
  const isWhole = ([name]: readonly [string, unknown]) => !packed.has(name.replace(/\.weight$/, ''));
  const required = new Map([...backbone.shapes, ...(head.vocabulary ? head.shapes : [])].filter(isWhole));
  const mismatches = [...describeMismatches(required, named), ...describePacked(model, packed), ...describeBadNumbers(named)];
  if (mismatches.length > 0) {
    throw new RunFailure({
      code: 'bad-model',
      message: `${file} does not hold the model that its config.json describes: ${mismatches.join('; ')}.`,
      hint: 'Use the config.json and the weights of the same model.',
      file,
    });
  }
  const fits = ([name, shape]: readonly [string, readonly number[]]) => named.get(name)?.shape.join() === shape.join();
  const missing = new Map([...head.shapes].filter((entry) => isWhole(entry) && !fits(entry)));
  const initial = initializeNormal(missing, backbone.initializerRange, random); // as transformers does it
  const names = [...backbone.shapes.keys(), ...head.shapes.keys()];
  const complete = names.map((name) => [name, initial.get(name) ?? named.get(name)] as const);
  return {
    tensors: new Map(complete.filter((entry): entry is readonly [string, NamedTensor] => entry[1] !== undefined)),
    fresh: [...missing.keys()],
    ...(packed.size > 0 ? { packed } : {}),
  };
}

/** Packed weights lie [out, in] whatever the model, and only linear layers of the base can be packed. */
function describePacked({ backbone, head }: ModelParts, packed: PackedTensors['packed']): string[] {
  const linears = new Set([...backbone.linears, ...head.linears]);
  const shapes = new Map([...backbone.shapes, ...head.shapes]);
  return [...packed].flatMap(([module, { rows, columns }]) => {
    if (!linears.has(module)) return [`"${module}" is packed, and the model has no linear layer of that name`];
    const shape = shapes.get(`${module}.weight`) ?? [];
    const expected = backbone.transposed?.has(module) ? shape.toReversed() : shape;
    return expected.join() === [rows, columns].join()
      ? []
      : [`"${module}" is packed as [${rows}, ${columns}] and should be [${expected.join(', ')}]`];
  });
}

/** That what starts fresh with a task is fresh is no news; that a part of the base is, is. */
export function noteFresh(fresh: readonly string[], { head }: ModelParts): string[] {
  const unexpected = fresh.filter((name) => !isWithin(name, head.modules));
  return unexpected.length === 0 ? [] : [`The model's file has no ${unexpected.join(', ')}: initialised at random.`];
}

/** The whole model as if nobody had trained it. */
export function randomTensors({ backbone, head }: ModelParts, random: Random): NamedTensors {
  return initializeNormal(new Map([...backbone.shapes, ...head.shapes]), backbone.initializerRange, random);
}

/** File spellings of old and headless exports: no base prefix, `gamma` and `beta`. */
function fullName(name: string, { backbone, head }: ModelParts): string {
  const spelt = name.replace(/LayerNorm\.gamma$/, 'LayerNorm.weight').replace(/LayerNorm\.beta$/, 'LayerNorm.bias');
  const isKnown = backbone.shapes.has(spelt) || head.shapes.has(spelt);
  return isKnown ? spelt : backbone.basePrefix + spelt;
}

function describeMismatches(expected: Shapes, named: NamedTensors): string[] {
  return [...expected].flatMap(([name, shape]) => {
    const found = named.get(name);
    if (found === undefined) return [`"${name}" [${shape.join(', ')}] is missing`];
    return shape.join() === found.shape.join()
      ? []
      : [`"${name}" is [${found.shape.join(', ')}] and should be [${shape.join(', ')}]`];
  });
}

/** A run from weights that are not numbers would only find out in the middle. */
function describeBadNumbers(named: NamedTensors): string[] {
  const bad = [...named].filter(([, { values }]) => !values.every(Number.isFinite));
  return bad.map(([name]) => `"${name}" holds values that are not finite numbers`);
}
