/** One bottleneck: two trained linear layers with something narrow between them, and how it sits at a sublayer's end. */
import type { Random } from '../../dataset/seeded-random';
import { initializeKaimingUniform } from '../initializers';
import type { Sublayer } from '../models/model';
import { activate } from '../ops/activate';
import { dense } from '../ops/dense';
import * as tf from '../tensors';
import { activationOf, type BottleneckSettings } from './bottleneck-settings';
import { createVariable } from './parameters';

export interface Bottleneck {
  /** [width, hidden] */
  readonly down: tf.Variable<tf.Rank.R2>;
  readonly downBias: tf.Variable<tf.Rank.R1>;
  /** [hidden, width] */
  readonly up: tf.Variable<tf.Rank.R2>;
  readonly upBias: tf.Variable<tf.Rank.R1>;
}

/** Weights from N(0, 0.02), or, to leave the model as it is at first, PyTorch's usual start and then zeros; biases 0. */
export function createBottleneck(width: number, hidden: number, settings: BottleneckSettings, random: Random): Bottleneck {
  const { down, up } =
    settings.init_weights === 'mam_adapter' ? drawSilent(width, hidden, random) : drawNormal(width, hidden, random);
  const matrix = (shape: number[], values: Float32Array) => createVariable({ shape, values }) as tf.Variable<tf.Rank.R2>; // shape has two
  const zeros = (size: number) => createVariable({ shape: [size], values: new Float32Array(size) }) as tf.Variable<tf.Rank.R1>; // and one
  return { down: matrix([width, hidden], down), downBias: zeros(width), up: matrix([hidden, width], up), upBias: zeros(hidden) };
}

interface Start {
  readonly down: Float32Array;
  readonly up: Float32Array;
}

function drawNormal(width: number, hidden: number, random: Random): Start {
  const draw = () => Float32Array.from({ length: width * hidden }, () => 0.02 * random.normal());
  return { down: draw(), up: draw() };
}

function drawSilent(width: number, hidden: number, random: Random): Start {
  return { down: initializeKaimingUniform([width, hidden], random), up: new Float32Array(hidden * width) };
}

/** Its parameters under the library's names. */
export function nameParts(module: string, { down, downBias, up, upBias }: Bottleneck): [string, tf.Variable][] {
  return [
    [`${module}.adapter_down.0.weight`, down],
    [`${module}.adapter_down.0.bias`, downBias],
    [`${module}.adapter_up.weight`, up],
    [`${module}.adapter_up.bias`, upBias],
  ];
}

/** A sublayer's end with a bottleneck in it or beside it: [tokens, hidden]. */
export function joinThrough(bottleneck: Bottleneck, settings: BottleneckSettings, sublayer: Sublayer): tf.Tensor2D {
  const { output, residual } = sublayer;
  const { input, around } = settings.is_parallel ? { input: residual, around: output } : connect(settings, sublayer);
  const joined = tf.add<tf.Tensor2D>(squeeze(bottleneck, settings, input), around);
  return settings.original_ln_after ? addNorm(sublayer, joined, residual) : joined;
}

/** What a bottleneck behind a sublayer reads, and what goes around it. */
function connect(settings: BottleneckSettings, sublayer: Sublayer): { input: tf.Tensor2D; around: tf.Tensor2D } {
  const { output, residual } = sublayer;
  if (!settings.original_ln_before) return { input: output, around: output };
  const input = addNorm(sublayer, output, residual);
  if (settings.residual_before_ln === 'post_add') return { input, around: tf.add(output, residual) };
  return { input, around: settings.residual_before_ln ? output : input };
}

/** Models with their norms in front have none behind a sublayer. */
function addNorm({ norm }: Sublayer, x: tf.Tensor2D, residual: tf.Tensor2D): tf.Tensor2D {
  return norm ? norm(x, residual) : tf.add(x, residual);
}

/** scaling · up(f(down(x))) */
function squeeze({ down, downBias, up, upBias }: Bottleneck, settings: BottleneckSettings, x: tf.Tensor2D): tf.Tensor2D {
  const narrow = activate(dense(x, down, downBias), activationOf(settings)); // [tokens, width]
  const wide = dense(narrow, up, upBias); // [tokens, hidden]
  return settings.scaling === 1 ? wide : tf.mul(wide, settings.scaling);
}
