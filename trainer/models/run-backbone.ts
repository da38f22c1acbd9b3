/**
 * Runs a batch through a backbone, layer by layer: from the embeddings or from states that were kept, up to the head or
 * to what enters a layer. Of the last layer, only the tokens that somebody reads are computed.
 */
import { firstToken, lastToken } from '../ops/pool';
import { lengthsOf, startsOf } from '../ops/sequences';
import type * as tf from '../tensors';
import type { Backbone, Head, HiddenStates, Layout, Pass, States, TokenChoice } from './model';
import { withoutPrompt } from './virtual-tokens';

/** What enters the layer `layer`: [tokens, hidden], or of the chosen tokens for `layerCount`. */
export function hiddenStatesBelow<Input>(
  backbone: Backbone<Input>,
  input: Input,
  pass: Pass,
  layer: number,
  reads: TokenChoice,
): tf.Tensor2D {
  const layout = backbone.layout(input, pass);
  return runLayers(backbone, { ...layout, x: backbone.embed(input, layout, pass) }, pass, { from: 0, end: layer, reads }).x;
}

/** The finished states of the chosen tokens. With `from`, the layers below are not computed. Virtual tokens are left out. */
export function runBackbone<Input>(
  backbone: Backbone<Input>,
  input: Input,
  pass: Pass,
  reads: TokenChoice,
  from?: HiddenStates,
): States {
  const layout = backbone.layout(input, pass);
  const x = from?.x ?? backbone.embed(input, layout, pass);
  const bottom = from?.layer === backbone.layerCount ? { ...chooseLayout(layout, reads), x } : { ...layout, x };
  const top = runLayers(backbone, bottom, pass, { from: from?.layer ?? 0, end: backbone.layerCount, reads });
  const real = reads === 'every-token' ? withoutPrompt(top) : top;
  return { ...real, x: backbone.finish(real.x, pass) };
}

/** The head's scores for a batch: [rows, classes], or [tokens, classes] of heads that read every token. */
export function computeLogits<Input>(
  { backbone, head }: { readonly backbone: Backbone<Input>; readonly head: Head },
  batch: Input,
  pass: Pass,
  from?: HiddenStates,
): tf.Tensor2D {
  const { x, ...layout } = runBackbone(backbone, batch, pass, head.reads, from);
  return head.apply(x, layout, pass);
}

interface Stretch {
  readonly from: number;
  readonly end: number;
  readonly reads: TokenChoice;
}

function runLayers<Input>(backbone: Backbone<Input>, bottom: States, pass: Pass, { from, end, reads }: Stretch): States {
  let states = bottom;
  for (let layer = from; layer < end; layer++) {
    const asking = layer === backbone.layerCount - 1 ? chooseTokens(states, reads) : states;
    states = { ...asking, x: backbone.runLayer(layer, asking, states, pass) };
  }
  return states;
}

function chooseTokens(states: States, reads: TokenChoice): States {
  if (reads === 'every-token') return states;
  const pick = reads === 'first-token' ? firstToken : lastToken;
  return { ...chooseLayout(states, reads), x: pick(states.x, states.starts) };
}

/** One token a row. */
function chooseLayout(layout: Layout, reads: TokenChoice): Layout {
  if (reads === 'every-token') return layout;
  const { starts, positions } = layout;
  const lengths = lengthsOf(starts);
  const chosen = lengths.map((length, row) => (starts[row] ?? 0) + (reads === 'first-token' ? 0 : length - 1));
  return { starts: startsOf(lengths.map(() => 1)), positions: Int32Array.from(chosen, (token) => positions[token] ?? 0) };
}
