/** The model's answers at many evaluations, shortened to what a panel can show: a run may make a hundred at each. */
import type { Sample, SampledFacts } from '../../protocol';
import { thinSteps } from './thin-steps';

/** Characters of one text; what is longer is cut and says so. */
const maxTextLength = 4000;

/** Characters of all texts together. */
export const maxSampleCharacters = 1_000_000;

/** The first answers and the newest always stay, those between evenly; at least these two, however long they are. */
export function thinSamples(samples: readonly SampledFacts[], max: number = maxSampleCharacters): SampledFacts[] {
  const [first, ...later] = samples.map((sampled) => cutTexts(sampled));
  if (first === undefined) return [];
  const average = sum([first, ...later].map(sizeOf)) / samples.length;
  const room = Math.max(2, Math.floor(max / Math.max(1, average)));
  return [first, ...thinSteps(later, room - 1)];
}

/** The same answers, none of them longer than a panel can use. */
export function cutTexts<Sampled extends SampledFacts>(sampled: Sampled): Sampled {
  return { ...sampled, samples: sampled.samples.map(cutSample) };
}

function cutSample({ prompt, expected, completion }: Sample): Sample {
  return { prompt: cut(prompt), expected: cut(expected), completion: cut(completion) };
}

function cut(text: string): string {
  return text.length <= maxTextLength
    ? text
    : `${text.slice(0, maxTextLength)} … (${text.length - maxTextLength} characters more)`;
}

function sizeOf({ samples }: SampledFacts): number {
  return sum(samples.map(({ prompt, expected, completion }) => prompt.length + expected.length + completion.length));
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
