/** The attention of the tensorflow backend against its composite on cpu, for rows of equal and of different lengths. */
import { attention, attentionComposite } from '../../../trainer/ops/attention';
import { startsOf } from '../../../trainer/ops/sequences';
import type * as tf from '../../../trainer/tensors';
import { randomBlock, seededRandom } from '../numbers';
import { assertLikeCpu, describeWithTensorFlow } from './tensorflow-here';

interface Shape {
  readonly what: string;
  readonly queries: readonly number[];
  readonly keys: readonly number[];
  readonly heads: number;
  readonly keyHeads: number;
  readonly size: number;
  readonly causal: boolean;
  readonly window?: number;
  readonly firstPlaces?: Int32Array;
}

const alike = { keyHeads: 2, heads: 2, size: 5, causal: false };
const SHAPES: readonly Shape[] = [
  { what: 'one token', queries: [1], keys: [1], heads: 1, keyHeads: 1, size: 1, causal: false },
  { what: 'rows of one length', queries: [7, 7], keys: [7, 7], ...alike },
  { what: 'rows of different lengths', queries: [17, 2, 9], keys: [17, 2, 9], ...alike },
  { what: 'an empty row', queries: [5, 0, 3], keys: [5, 0, 3], ...alike },
  { what: 'causal rows', queries: [4, 11, 1], keys: [4, 11, 1], ...alike, causal: true },
  { what: 'first tokens that ask', queries: [1, 1, 1], keys: [12, 1, 7], ...alike },
  { what: 'tokens generated behind others', queries: [1, 3], keys: [9, 16], ...alike, causal: true },
  { what: 'grouped queries', queries: [6, 15], keys: [6, 15], heads: 6, keyHeads: 2, size: 5, causal: true },
  { what: 'queries without keys', queries: [4, 2], keys: [0, 3], heads: 2, keyHeads: 1, size: 3, causal: false },
  { what: 'more queries than keys', queries: [5, 2], keys: [3, 4], ...alike, causal: true },
  { what: 'a window', queries: [17, 2, 9], keys: [17, 2, 9], ...alike, window: 3 },
  { what: 'a window behind causal queries', queries: [17, 2, 9], keys: [17, 2, 9], ...alike, causal: true, window: 3 },
  {
    what: 'a window that some queries see no key in',
    queries: [9, 1],
    keys: [4, 8],
    ...alike,
    window: 2,
    firstPlaces: Int32Array.of(0, 5),
  },
  { what: 'no keys at all', queries: [2, 1], keys: [0, 0], ...alike },
];

describeWithTensorFlow('attention on the tensorflow backend', () => {
  for (const shape of SHAPES) {
    const { what, queries, keys, size, ...options } = shape;
    const { heads, keyHeads } = options;
    it(`agrees with its composite in value and gradients: ${what}`, () => {
      const tokens = (lengths: readonly number[]) => lengths.reduce((sum, length) => sum + length, 0);
      const layout = { queryStarts: startsOf(queries), keyStarts: startsOf(keys), ...options };
      const over = (op: typeof attentionComposite) => (query: tf.Tensor, key: tf.Tensor, value: tf.Tensor) =>
        op({ query: query as tf.Tensor2D, key: key as tf.Tensor2D, value: value as tf.Tensor2D, ...layout });
      return assertLikeCpu({
        inputs: [
          randomBlock(seededRandom(1), tokens(queries), heads * size),
          randomBlock(seededRandom(2), tokens(keys), keyHeads * size),
          randomBlock(seededRandom(3), tokens(keys), keyHeads * size),
        ],
        fused: over(attention), // three inputs
        composite: over(attentionComposite),
        tolerance: 2e-5,
        what,
      });
    });
  }
});
