/**
 * From the scores of all tokens to the one that is written, in transformers' order: repetition penalty, temperature, the k
 * best, the most probable that together reach p. Without a temperature, the best one.
 */
import type { Random } from '../../dataset/seeded-random';
import { RunFailure } from '../../protocol';

export interface Sampling {
  /** 0 takes the best token, always; 1 samples as the model's probabilities are. */
  readonly temperature: number;
  /** Samples among the most probable tokens that together have this probability; 1 for all. */
  readonly topP: number;
  /** Samples among this many tokens; 0 for all. */
  readonly topK: number;
  /** Above 1, tokens that were read or written are less likely to come again (Keskar et al. 2019). */
  readonly repetitionPenalty: number;
}

export const greedy: Sampling = { temperature: 0, topP: 1, topK: 0, repetitionPenalty: 1 };

/** `seen` are the tokens read and written so far. @throws RunFailure 'diverged' when the scores are no numbers */
export function chooseToken(scores: Float32Array, sampling: Sampling, seen: Iterable<number>, random: Random): number {
  const penalized = penalize(scores, sampling.repetitionPenalty, seen);
  const best = indexOfLargest(penalized);
  if (sampling.temperature === 0) return best;
  return draw(likeliest(penalized, sampling), random);
}

/** What was seen gets smaller, whichever its sign. */
function penalize(scores: Float32Array, penalty: number, seen: Iterable<number>): Float32Array {
  if (penalty === 1) return scores;
  const penalized = scores.slice();
  for (const id of new Set(seen)) {
    const score = penalized[id];
    if (score !== undefined) penalized[id] = score < 0 ? score * penalty : score / penalty;
  }
  return penalized;
}

/** The first of equals. An indexed loop: it runs over the vocabulary for every token. */
function indexOfLargest(scores: Float32Array): number {
  let best = 0;
  let largest = -Infinity;
  for (let id = 0; id < scores.length; id++) {
    const score = scores[id] ?? NaN;
    if (Number.isNaN(score)) throw notANumber();
    if (score > largest) [best, largest] = [id, score];
  }
  if (!Number.isFinite(largest)) throw notANumber();
  return best;
}

function notANumber(): RunFailure {
  return new RunFailure({
    code: 'diverged',
    message: 'The model gives scores that are not finite numbers, so that no next token can be chosen.',
    hint: 'Use an earlier checkpoint, or train again with a lower "training.learningRate". If the untouched base does the same, its weights are damaged.',
  });
}

interface Candidate {
  readonly id: number;
  /** Its probability times a constant. */
  readonly weight: number;
}

/** What may be drawn: the k best of all tokens, and of those as few as reach p. */
function likeliest(scores: Float32Array, { temperature, topP, topK }: Sampling): Candidate[] {
  const sorted = topK > 0 && topK < scores.length ? scores.slice().sort() : undefined;
  const least = sorted?.at(-topK) ?? -Infinity;
  const most = scores.reduce((largest, score) => Math.max(largest, score), -Infinity);
  const weights = scores.map((score) => (score < least ? 0 : Math.exp((score - most) / temperature)));
  const candidates = Array.from(weights, (weight, id) => ({ id, weight })).filter(({ weight }) => weight > 0);
  return topP < 1 ? nucleus(candidates, topP) : candidates;
}

/** As few as reach the share `topP`, one at least (Holtzman et al. 2019). */
function nucleus(candidates: readonly Candidate[], topP: number): Candidate[] {
  const total = sumOf(candidates);
  const rare = ((1 - topP) * total) / candidates.length; // all below it together are too few to be needed: not sorted
  const sorted = candidates.filter(({ weight }) => weight >= rare).sort((a, b) => b.weight - a.weight || a.id - b.id);
  let reached = 0;
  const last = sorted.findIndex(({ weight }) => (reached += weight) >= topP * total);
  return sorted.slice(0, last < 0 ? sorted.length : last + 1);
}

function draw(candidates: readonly Candidate[], random: Random): number {
  let left = random.next() * sumOf(candidates);
  const drawn = candidates.find(({ weight }) => (left -= weight) < 0) ?? candidates.at(-1);
  return drawn?.id ?? 0;
}

function sumOf(candidates: readonly Candidate[]): number {
  return candidates.reduce((sum, { weight }) => sum + weight, 0);
}
