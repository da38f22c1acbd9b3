/**
 * LoRA's update of one weight: A and B, and DoRA's magnitudes where the method has them; where they start, what PEFT calls
 * them, and what they do to a linear layer or to an embedding table. Not here: which modules get one.
 */
import type { Random } from '../../dataset/seeded-random';
import type { LoraConfig } from '../../protocol';
import { initializeKaimingUniform, initializeStandardNormal } from '../initializers';
import { dropout } from '../ops/dropout';
import { embedding } from '../ops/embedding';
import * as tf from '../tensors';
import { lowRankProduct, type FrozenLinear, type LowRank } from './base-layers';
import { createVariable } from './parameters';
import { findByPattern } from './targets';

export interface Update extends LowRank {
  readonly a: tf.Variable<tf.Rank.R2>;
  readonly b: tf.Variable<tf.Rank.R2>;
  readonly direction?: Direction;
}

/** DoRA: each output of the updated weight is brought to a length that is trained by itself. */
interface Direction {
  /** [out] */
  readonly magnitude: tf.Variable<tf.Rank.R1>;
  /** Of the frozen weight's outputs: [out]. */
  readonly squaredNorms: tf.Tensor1D;
}

/** For a weight seen as [out, in]; an embedding table is one of `in` rows. */
export interface UpdatedWeight {
  readonly module: string;
  readonly kind: 'linear' | 'embedding';
  readonly shape: readonly [number, number];
  /** Σ w² over each output: [out]. Called for DoRA only. */
  squaredNorms(): tf.Tensor1D;
}

export function createUpdate(config: LoraConfig, target: UpdatedWeight, random: Random): Update {
  const r = findByPattern(config.rankPattern, target.module) ?? config.r;
  const alpha = findByPattern(config.alphaPattern, target.module) ?? config.alpha;
  const [out, inputs] = target.shape;
  const zeroA = target.kind === 'embedding';
  const a = zeroA ? new Float32Array(r * inputs) : initialA(config, [r, inputs], random);
  const b = zeroA ? initializeStandardNormal(out * r, random) : new Float32Array(out * r);
  return {
    a: createVariable({ shape: [r, inputs], values: a }) as tf.Variable<tf.Rank.R2>, // made with two dimensions, as is b
    b: createVariable({ shape: [out, r], values: b }) as tf.Variable<tf.Rank.R2>,
    scale: alpha / (config.useRslora ? Math.sqrt(r) : r),
    ...(config.useDora ? { direction: createDirection(target) } : {}),
  };
}

function initialA({ initialisation }: LoraConfig, shape: [number, number], random: Random): Float32Array {
  if (initialisation === 'kaiming-uniform') return initializeKaimingUniform(shape, random);
  return initializeStandardNormal(shape[0] * shape[1], random).map((value) => value / shape[0]);
}

/** The magnitudes start as the lengths that the outputs have, so that nothing changes. */
function createDirection(target: UpdatedWeight): Direction {
  const squares = tf.tidy(() => target.squaredNorms());
  const lengths = tf.sqrt(squares);
  const magnitude = tf.variable(lengths);
  lengths.dispose();
  return { magnitude, squaredNorms: squares };
}

/** What is trained, under the last parts of PEFT's names. */
export function namesOf({ a, b, direction }: Update, kind: UpdatedWeight['kind']): [string, tf.Variable][] {
  const [nameA, nameB] = kind === 'linear' ? ['lora_A.weight', 'lora_B.weight'] : ['lora_embedding_A', 'lora_embedding_B'];
  return [
    [nameA, a],
    [nameB, b],
    ...(direction ? [['lora_magnitude_vector', direction.magnitude] as [string, tf.Variable]] : []),
  ];
}

export function disposeUpdate({ a, b, direction }: Update): void {
  tf.dispose([a, b, ...(direction ? [direction.magnitude, direction.squaredNorms] : [])]);
}

export interface UpdateDropout {
  readonly rate: number;
  /** There while training only. */
  readonly random: Random | undefined;
}

/** x [rows, in] through the layer and its update: [rows, out]. Dropout is in front of the update only. */
export function applyToLinear(layer: FrozenLinear, update: Update, x: tf.Tensor2D, { rate, random }: UpdateDropout): tf.Tensor2D {
  const { bias } = layer;
  const dropped = random !== undefined && rate > 0 ? dropout(x, rate, random) : x;
  if (!update.direction) {
    return dropped === x ? layer.updated(x, update, bias) : tf.add(layer.apply(x, bias), lowRankProduct(dropped, update));
  }
  const ratio = lengthRatio(update, update.direction, () => layer.apply(update.a)); // [out]
  const turned = tf.mul<tf.Tensor2D>(layer.updated(dropped, update), ratio);
  if (dropped !== x) return tf.add(tf.sub(layer.apply(x, bias), layer.apply(dropped)), turned); // as PEFT does it
  return bias ? tf.add(turned, bias) : turned;
}

/** The rows `ids` of the updated table: [ids, width]. No dropout, as in PEFT. */
export function applyToEmbedding(table: tf.Tensor2D, rows: tf.Tensor2D, update: Update, ids: tf.Tensor1D): tf.Tensor2D {
  const low = embedding(tf.transpose(update.a), ids); // [ids, r]
  const added = tf.mul<tf.Tensor2D>(tf.matMul(low, update.b, false, true), update.scale);
  const updated = tf.add<tf.Tensor2D>(rows, added);
  if (!update.direction) return updated;
  return tf.mul(
    updated,
    lengthRatio(update, update.direction, () => tf.matMul(update.a, table)),
  );
}

/** W + scale · B A, brought to length where the update has a direction: [out, in] for a linear layer's weight. */
export function mergeIntoLinear(layer: FrozenLinear, update: Update): tf.Tensor2D {
  const sum = tf.add<tf.Tensor2D>(layer.weight(), tf.mul(tf.matMul(update.b, update.a), update.scale));
  if (!update.direction) return sum;
  const ratio = lengthRatio(update, update.direction, () => layer.apply(update.a));
  return tf.mul(sum, tf.expandDims(ratio, 1));
}

/** The same for a table [rows, width]. */
export function mergeIntoTable(table: tf.Tensor2D, update: Update): tf.Tensor2D {
  const sum = tf.add<tf.Tensor2D>(table, tf.mul(tf.matMul(update.a, update.b, true, true), update.scale));
  if (!update.direction) return sum;
  return tf.mul(
    sum,
    lengthRatio(update, update.direction, () => tf.matMul(update.a, table)),
  );
}

/**
 * The trained length of each output over the length that it has, ‖w + s·bA‖ (Liu et al. 2024,
 * https://arxiv.org/abs/2402.09353): a constant to the gradient. `product` is A Wᵀ [r, out], with which the squared length
 * is ‖w‖² + 2s·b(A w) + s²·b(A Aᵀ)bᵀ, and no weight of full size is ever made.
 */
function lengthRatio({ a, b, scale }: Update, { magnitude, squaredNorms }: Direction, product: () => tf.Tensor2D): tf.Tensor1D {
  const lengths = withoutGradient([a, b], () => {
    const mixed = tf.sum<tf.Tensor1D>(tf.mul(b, tf.transpose(product())), 1);
    const own = tf.sum<tf.Tensor1D>(tf.mul(tf.matMul(b, tf.matMul(a, a, false, true)), b), 1);
    return tf.sqrt(tf.add<tf.Tensor1D>(squaredNorms, tf.add(tf.mul(mixed, 2 * scale), tf.mul(own, scale * scale))));
  });
  return tf.div(magnitude, lengths);
}

/** What `compute` makes of the inputs, as if it did not depend on them. */
function withoutGradient(inputs: readonly tf.Tensor[], compute: () => tf.Tensor1D): tf.Tensor1D {
  const constant = tf.customGrad(() => ({ value: compute(), gradFunc: () => inputs.map((input) => tf.zerosLike(input)) }));
  return constant(...inputs); // as it was computed
}
