/**
 * Rotary positions as configurations ask for them, in the spellings of transformers 4 (`rope_theta`, `rope_scaling`) and
 * 5 (`rope_parameters`), and the turning itself. Which elements of a head make a pair is the op's business.
 */
import { z } from 'zod';
import { rotary, type RotaryTables } from '../ops/rotary';
import * as tf from '../tensors';

const ropeTypes = ['default', 'linear', 'llama3'] as const;

const ropeType = z.enum(ropeTypes, {
  error: ({ input }) => `rope type ${JSON.stringify(input)} is not supported; these are: ${ropeTypes.join(', ')}`,
});

const scalingSchema = z.object({
  rope_type: ropeType.optional(),
  /** The name of `rope_type` before transformers 4.43. */
  type: ropeType.optional(),
  rope_theta: z.number().positive().optional(),
  partial_rotary_factor: z.number().positive().max(1).optional(),
  factor: z.number().min(1).optional(),
  low_freq_factor: z.number().positive().optional(),
  high_freq_factor: z.number().positive().optional(),
  original_max_position_embeddings: z.number().int().positive().optional(),
});
type RopeScaling = z.infer<typeof scalingSchema>;

/** What a decoder's configuration says of rotary positions. */
export const ropeFields = {
  rope_theta: z.number().positive().optional(),
  partial_rotary_factor: z.number().positive().max(1).optional(),
  rope_scaling: scalingSchema.nullish(),
  rope_parameters: scalingSchema.nullish(),
};

export type RopeConfig = z.infer<z.ZodObject<typeof ropeFields>> & { readonly max_position_embeddings: number };

/** The angle by which each pair of a head's elements turns from one position to the next: [rotated / 2]. */
export function ropeFrequencies(config: RopeConfig, headSize: number, usualTheta = 10_000): Float64Array {
  const scaling: RopeScaling = { ...config.rope_scaling, ...config.rope_parameters };
  const theta = scaling.rope_theta ?? config.rope_theta ?? usualTheta;
  const partial = scaling.partial_rotary_factor ?? config.partial_rotary_factor ?? 1;
  const rotated = Math.floor(headSize * partial);
  const plain = Float64Array.from({ length: Math.floor(rotated / 2) }, (_, pair) => theta ** ((-2 * pair) / rotated));
  return plain.map((frequency) => scaleFrequency(frequency, scaling, config.max_position_embeddings));
}

function scaleFrequency(frequency: number, scaling: RopeScaling, maxPositions: number): number {
  const kind = scaling.rope_type ?? scaling.type ?? 'default';
  switch (kind) {
    case 'default':
      return frequency;
    case 'linear':
      return frequency / (scaling.factor ?? 1);
    case 'llama3':
      return scaleAsLlama3(frequency, scaling, maxPositions);
    default:
      return requireNoOther(kind);
  }
}

/** Llama 3.1: waves longer than the first context are stretched, short ones stay, those between are mixed. */
function scaleAsLlama3(frequency: number, scaling: RopeScaling, maxPositions: number): number {
  const { factor = 1, low_freq_factor: low = 1, high_freq_factor: high = 4 } = scaling;
  const turns = ((scaling.original_max_position_embeddings ?? maxPositions) * frequency) / (2 * Math.PI);
  const kept = Math.min(1, Math.max(0, (turns - low) / (high - low)));
  return kept * frequency + (1 - kept) * (frequency / factor);
}

function requireNoOther(kind: never): never {
  throw new Error(`ropeFrequencies: unknown rope type ${String(kind)}.`);
}

/** x [tokens, heads · headSize], each token turned by its position. */
export type Rotation = (x: tf.Tensor2D, positions: Int32Array, heads: number) => tf.Tensor2D;

interface Turn {
  readonly tables: RotaryTables;
  /** [tokens] int32: each token's row in the tables. */
  readonly rows: tf.Tensor1D;
}

/** All layers of a pass turn by the same tables: they are made once per array of positions, inside the caller's tidy. */
export function createRotation(frequencies: Float64Array): Rotation {
  const tablesOf = createRangeTables(frequencies);
  const turns = new WeakMap<Int32Array, Turn>();
  return (x, positions, heads) => {
    let turn = turns.get(positions);
    if (turn === undefined || turn.rows.isDisposed) {
      turn = createTurn(tablesOf, positions);
      turns.set(positions, turn);
    }
    return rotary(x, turn.tables, turn.rows, heads);
  };
}

type RangeTables = (first: number, end: number) => RotaryTables;

/** Only the positions that occur are copied to the backend: when generating, that is one a row. */
function createTurn(tablesOf: RangeTables, positions: Int32Array): Turn {
  const first = positions.reduce((least, position) => Math.min(least, position), Infinity);
  const last = positions.reduce((most, position) => Math.max(most, position), 0);
  const rows = tf.tensor1d(
    positions.map((position) => position - first),
    'int32',
  );
  return { tables: tablesOf(Math.min(first, last), last + 1), rows };
}

/** Cosines and sines are computed once for every position, in double precision, and kept on the host as float32. */
function createRangeTables(frequencies: Float64Array): RangeTables {
  const half = frequencies.length;
  let cos = new Float32Array();
  let sin = new Float32Array();
  const grow = (positions: number) => {
    cos = new Float32Array(positions * half);
    sin = new Float32Array(positions * half);
    for (let position = 0; position < positions; position++)
      for (const [pair, frequency] of frequencies.entries()) {
        cos[position * half + pair] = Math.cos(position * frequency);
        sin[position * half + pair] = Math.sin(position * frequency);
      }
  };
  return (first, end) => {
    if (end * half > cos.length) grow(2 ** Math.ceil(Math.log2(end)));
    const toTable = (values: Float32Array) => tf.tensor2d(values.slice(first * half, end * half), [end - first, half]);
    return { cos: toTable(cos), sin: toTable(sin) };
  };
}
