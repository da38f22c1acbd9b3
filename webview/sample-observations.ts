/** What Temper sees in the model's own answers, in words: what has gone wrong with all of them. Pure. */
import type { RunState, Sample, SampledFacts } from '../protocol';
import { formatCount } from './format';
import type { Observation } from './observations';

/** Of the newest answers; one alone says little. */
export function describeSamples({ samples }: RunState): Observation[] {
  const newest = samples.findLast(({ subject }) => subject === 'trained');
  if (newest === undefined || newest.samples.length < 2) return [];
  return [...describeEmpty(newest), ...describeSame(newest), ...describeUnchanged(newest, samples)];
}

function describeEmpty({ samples, step }: SampledFacts): Observation[] {
  const empty = samples.filter(isUnexpectedlyEmpty).length;
  if (empty === 0) return [];
  const which = empty === samples.length ? `All ${empty} answers` : `${empty} of ${samples.length} answers`;
  const lead = `${which} at step ${formatCount(step)} ${empty === 1 ? 'is' : 'are'} empty`;
  return [{ tone: 'warning', lead, rest: ': the model ends at once instead of writing.' }];
}

function isUnexpectedlyEmpty({ completion, expected }: Sample): boolean {
  return completion.trim() === '' && expected.trim() !== '';
}

/** One answer to all questions is what a model gives that looks at none of them. */
function describeSame({ samples, step }: SampledFacts): Observation[] {
  const answers = new Set(samples.map(({ completion }) => completion));
  const expected = new Set(samples.map((sample) => sample.expected));
  if (answers.size > 1 || expected.size === 1 || samples.every(isUnexpectedlyEmpty)) return [];
  const lead = `All ${samples.length} answers at step ${formatCount(step)} are the same`;
  return [{ tone: 'warning', lead, rest: ', whatever was asked. The learning rate may be too high.' }];
}

/** Once may be too early to tell; at the second evaluation something should have moved. */
function describeUnchanged({ samples, step }: SampledFacts, all: readonly SampledFacts[]): Observation[] {
  const base = all.find(({ subject }) => subject === 'base');
  if (base === undefined || all.filter(({ subject }) => subject === 'trained').length < 2) return [];
  if (samples.some(({ completion }, index) => completion !== base.samples[index]?.completion)) return [];
  return [{ tone: 'info', lead: `The answers at step ${formatCount(step)} are still those of the untouched model`, rest: '.' }];
}
