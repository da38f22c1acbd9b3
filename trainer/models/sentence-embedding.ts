/**
 * A vector for a whole text, as sentence-transformers makes it (Reimers and Gurevych 2019, https://arxiv.org/abs/1908.10084):
 * the states of the tokens pooled, and then what the folder lists behind: dense layers, norms, scaling to length 1.
 * Where all that is read from: sentence-folder.ts.
 */
import { activate, type Activation } from '../ops/activate';
import { embedding } from '../ops/embedding';
import { firstToken, lastToken, maxPool, meanPool, weighTokens } from '../ops/pool';
import type { PackedRows } from '../ops/prepend-to-rows';
import { lengthsOf, startsOf } from '../ops/sequences';
import * as tf from '../tensors';
import { declareParts } from './declare-parts';
import type { Head, Pass } from './model';
import { normOf } from './post-norm';

/** Under the names of sentence-transformers, in the order in which it puts several beside one another. */
export const poolingModes = ['cls', 'max', 'mean', 'mean_sqrt_len_tokens', 'weightedmean', 'lasttoken'] as const;
export type PoolingMode = (typeof poolingModes)[number];

export interface SentencePipeline {
  /** Several are put beside one another. */
  readonly poolings: readonly PoolingMode[];
  readonly stages: readonly SentenceStage[];
}

export type SentenceStage = { readonly kind: 'normalize' } | DenseStage | NormStage;

export interface DenseStage {
  readonly kind: 'dense';
  /** Of its folder, and so of its parameters: `<name>.linear.weight`. */
  readonly name: string;
  readonly inputs: number;
  readonly outputs: number;
  readonly bias: boolean;
  readonly activation?: Activation | undefined;
  /** Whether its input is added to what it gives, through `<name>.residual.weight` where the sizes differ. */
  readonly residual: boolean;
}

export interface NormStage {
  readonly kind: 'layer-norm';
  readonly name: string;
  readonly size: number;
}

/** PyTorch's own, which sentence-transformers does not change. */
const NORM_EPSILON = 1e-5;
const SHORTEST = 1e-12;

export interface SentenceEmbedderOptions {
  /** The class in transformers that has the backbone alone. */
  readonly architecture: string;
  /** Tokens at the start of every row that are not pooled: those of a prompt. Default 0. */
  readonly promptTokens?: number;
}

/** [rows, width of the embedding]. What comes behind the pooling trains beside every method. */
export function sentenceEmbedder({ poolings, stages }: SentencePipeline, options: SentenceEmbedderOptions): Head {
  const { architecture, promptTokens = 0 } = options;
  return {
    ...declareStages(stages),
    kind: 'sentence-embedding',
    architecture,
    modules: stages.flatMap((stage) => (stage.kind === 'normalize' ? [] : [stage.name])),
    reads: 'every-token',
    apply: (x, layout, pass) => {
      const rows = withoutPromptTokens({ x, starts: layout.starts }, promptTokens);
      const pooled = poolings.map((mode) => pool(mode, rows, promptTokens)); // [rows, hidden] each
      return stages.reduce((y, stage) => runStage(stage, y, pass), tf.concat2d(pooled, 1));
    },
  };
}

function declareStages(stages: readonly SentenceStage[]) {
  return declareParts(({ linear, norm }) => {
    for (const stage of stages) {
      if (stage.kind === 'layer-norm') norm(`${stage.name}.norm`, stage.size);
      if (stage.kind !== 'dense') continue;
      const { name, inputs, outputs, bias, residual } = stage;
      linear(`${name}.linear`, inputs, outputs, { bias });
      if (residual && inputs !== outputs) linear(`${name}.residual`, inputs, outputs, { bias: false });
    }
  });
}

/** The states that are pooled. A text that ends within the prompt keeps its last token. */
function withoutPromptTokens({ x, starts }: PackedRows, promptTokens: number): PackedRows {
  if (promptTokens === 0) return { x, starts };
  const lengths = lengthsOf(starts).map((length) => Math.max(1, length - promptTokens));
  const kept = lengths.flatMap((length, row) => Array.from({ length }, (_, place) => (starts[row + 1] ?? 0) - length + place));
  return { x: embedding(x, tf.tensor1d(kept, 'int32')), starts: startsOf(lengths) };
}

/** [tokens, hidden] → [rows, hidden] */
function pool(mode: PoolingMode, { x, starts }: PackedRows, promptTokens: number): tf.Tensor2D {
  switch (mode) {
    case 'cls':
      return firstToken(x, starts);
    case 'max':
      return maxPool(x, starts);
    case 'mean':
      return meanPool(x, starts);
    case 'mean_sqrt_len_tokens':
      return weighTokens(x, starts, (_place, length) => 1 / Math.sqrt(length));
    case 'weightedmean': // by places from 1, those of the prompt counted: n of them from p + 1 on sum to n (2 p + n + 1) / 2
      return weighTokens(x, starts, (place, n) => (promptTokens + place + 1) / ((n * (2 * promptTokens + n + 1)) / 2));
    case 'lasttoken':
      return lastToken(x, starts);
    default:
      return mode satisfies never;
  }
}

function runStage(stage: SentenceStage, x: tf.Tensor2D, pass: Pass): tf.Tensor2D {
  switch (stage.kind) {
    case 'normalize':
      return tf.div(x, tf.maximum(tf.norm(x, 'euclidean', 1, true), SHORTEST));
    case 'dense':
      return runDense(stage, x, pass);
    case 'layer-norm':
      return normOf(`${stage.name}.norm`, NORM_EPSILON, pass)(x);
    default:
      return stage satisfies never;
  }
}

function runDense({ name, inputs, outputs, activation, residual }: DenseStage, x: tf.Tensor2D, { tuning, random }: Pass): tf.Tensor2D {
  const y = tuning.linear(`${name}.linear`, x, random); // [rows, outputs]
  const activated = activation === undefined ? y : activate(y, activation);
  if (!residual) return activated;
  return tf.add(activated, inputs === outputs ? x : tuning.linear(`${name}.residual`, x, random));
}
