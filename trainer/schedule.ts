/** Learning-rate schedules as transformers has them: linear warm-up from 0, then a fall to 0. */
import type { TrainingConfig } from '../protocol';

export interface Schedule {
  readonly kind: TrainingConfig['lrScheduler'];
  readonly peak: number;
  readonly warmupSteps: number;
  readonly totalSteps: number;
}

export function createSchedule(training: TrainingConfig, peak: number, totalSteps: number): Schedule {
  return { kind: training.lrScheduler, peak, warmupSteps: Math.ceil(training.warmupRatio * totalSteps), totalSteps };
}

/** The rate of the update number `step`, counted from 1; the first step of a warm-up has rate 0, as in transformers. */
export function learningRateAt({ kind, peak, warmupSteps, totalSteps }: Schedule, step: number): number {
  const done = step - 1;
  if (done < warmupSteps) return (peak * done) / Math.max(1, warmupSteps);
  const progress = (done - warmupSteps) / Math.max(1, totalSteps - warmupSteps);
  switch (kind) {
    case 'constant':
      return peak;
    case 'linear':
      return peak * Math.max(0, 1 - progress);
    case 'cosine':
      return peak * Math.max(0, 0.5 * (1 + Math.cos(Math.PI * progress)));
    default:
      return kind satisfies never;
  }
}
