/** Lets contestants take turns, and says how long a step took each of them. */
import { setTimeout as wait } from 'node:timers/promises';
import type { Contestant } from './contestants';
import { median } from './report';

export interface Turns {
  readonly rounds: number;
  /** Of each contestant in each round. */
  readonly steps: number;
}

export interface Measurement {
  readonly name: string;
  /** The median over all rounds. */
  readonly stepSeconds: number;
  readonly tokensPerSecond: number;
  readonly peakBytes: number;
  readonly losses: readonly number[];
  readonly versions: Readonly<Record<string, string>>;
}

const warmUpSteps = 3;
/** OpenMP's threads spin this long for more work before they sleep. */
const quietMs = 300;

/** One after the other in each round, so that a machine that slows down slows them all. */
export async function measure(contestants: readonly Contestant[], { rounds, steps }: Turns): Promise<Measurement[]> {
  const records = contestants.map((contestant) => ({
    contestant,
    seconds: [] as number[],
    losses: [] as number[],
    tokens: 0,
    peakBytes: 0,
  }));
  for (const { contestant } of records) await contestant.run(warmUpSteps);
  for (let round = 0; round < rounds; round++) {
    for (const record of records) {
      await wait(quietMs);
      const { stepSeconds, losses, tokens, peakBytes } = await record.contestant.run(steps);
      record.seconds.push(...stepSeconds);
      record.losses.push(...losses);
      record.tokens += tokens;
      record.peakBytes = peakBytes;
    }
  }
  return records.map(({ contestant, seconds, losses, tokens, peakBytes }) => {
    const stepSeconds = median(seconds);
    const tokensPerSecond = tokens / seconds.length / stepSeconds;
    return { name: contestant.name, stepSeconds, tokensPerSecond, peakBytes, losses, versions: contestant.ready.versions };
  });
}
