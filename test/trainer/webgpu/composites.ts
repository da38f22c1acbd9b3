/** Ops that have no kernel of ours for webgpu and so run their composite there, on rows of different lengths. */
import { attention } from '../../../trainer/ops/attention';
import { crossEntropy } from '../../../trainer/ops/cross-entropy';
import { embedding } from '../../../trainer/ops/embedding';
import { swiglu } from '../../../trainer/ops/gated';
import { firstToken, maxPool, meanPool } from '../../../trainer/ops/pool';
import { rmsNorm } from '../../../trainer/ops/rms-norm';
import { createRotaryTables, rotary } from '../../../trainer/ops/rotary';
import { startsOf } from '../../../trainer/ops/sequences';
import * as tf from '../../../trainer/tensors';
import { randomBlock, seededRandom, type Block } from '../numbers';

export interface Composite {
  readonly what: string;
  readonly inputs: readonly Block[];
  readonly compute: (...inputs: tf.Tensor2D[]) => tf.Tensor;
}

const starts = startsOf([5, 1, 3]);
const tokens = 9;
const block = (rows: number, columns: number, seed: number) => randomBlock(seededRandom(seed), rows, columns);
const integers = (...values: number[]) => tf.tensor1d(values, 'int32');

function attend(heads: number, keyHeads: number, causal: boolean): Composite {
  const [size, queryStarts, keyStarts] = [4, starts, starts];
  return {
    what: `attention with ${heads} heads, ${keyHeads} key heads${causal ? ', causal' : ''}`,
    inputs: [block(tokens, heads * size, 1), block(tokens, keyHeads * size, 2), block(tokens, keyHeads * size, 3)],
    compute: (query, key, value) => attention({ query, key, value, queryStarts, keyStarts, heads, keyHeads, causal }),
  };
}

const attendByDistance: Composite = {
  what: 'attention within a window, with scores by distance',
  inputs: [block(tokens, 8, 1), block(tokens, 8, 2), block(tokens, 8, 3), block(2, 9, 14)],
  compute: (query, key, value, bias) => {
    const by = bias ? { bias } : {};
    return attention({ query, key, value, ...by, queryStarts: starts, keyStarts: starts, heads: 2, window: 2 });
  },
};

export const composites: readonly Composite[] = [
  attend(3, 3, false),
  attend(4, 2, true),
  attendByDistance,
  {
    what: 'embedding with repeated ids',
    inputs: [block(6, 5, 4)],
    compute: (table) => embedding(table, integers(0, 5, 2, 2, 5, 2)),
  },
  { what: 'first token', inputs: [block(tokens, 5, 5)], compute: (x) => firstToken(x, starts) },
  { what: 'max pool', inputs: [block(tokens, 5, 6)], compute: (x) => maxPool(x, starts) },
  { what: 'mean pool', inputs: [block(tokens, 5, 6)], compute: (x) => meanPool(x, starts) },
  { what: 'cross entropy', inputs: [block(4, 7, 7)], compute: (logits) => crossEntropy(logits, integers(0, 6, 3, 3), 0.1) },
  { what: 'swiglu', inputs: [block(3, 5, 8), block(3, 5, 9)], compute: (gate, up) => swiglu(gate, up) },
  {
    what: 'rms norm with a residual',
    inputs: [block(3, 5, 10), block(1, 5, 11), block(3, 5, 12)],
    compute: (x, gamma, residual) => rmsNorm(x, tf.reshape(gamma, [5]), 1e-6, residual),
  },
  {
    what: 'rotary',
    inputs: [block(4, 2 * 6, 13)],
    compute: (x) => rotary(x, createRotaryTables({ positions: 8, rotated: 4, theta: 100 }), integers(7, 0, 3, 1), 2),
  },
];
