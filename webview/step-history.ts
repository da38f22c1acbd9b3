/**
 * The curves of a run's steps, kept by the panel because the run's state holds only the newest step. Grows by `append`,
 * costs a constant amount of memory, and is never given to Lit.
 */
import type { StepFacts } from '../protocol';
import { Series } from './series';

/** The numbers of a step that have a curve. */
export type StepCurve = 'loss' | 'learningRate' | 'gradNorm' | 'tokensPerSecond' | 'memoryBytes';

/** Enough to be robust against one slow step, few enough to follow a change of load. */
const recentSteps = 60;

export class StepHistory {
  readonly curves: Readonly<Record<StepCurve, Series>> = {
    loss: new Series(),
    learningRate: new Series({ capacity: 1024, decay: 0 }),
    gradNorm: new Series({ capacity: 1024 }),
    tokensPerSecond: new Series({ capacity: 1024 }),
    memoryBytes: new Series({ capacity: 1024, decay: 0 }),
  };
  /** How long the newest steps took, oldest first. */
  readonly recentStepMs: number[] = [];

  constructor(steps: readonly StepFacts[] = []) {
    for (const step of steps) this.append(step);
  }

  append(step: StepFacts): void {
    this.curves.loss.append(step.step, step.loss);
    this.curves.learningRate.append(step.step, step.learningRate);
    this.curves.gradNorm.append(step.step, step.gradNorm);
    this.curves.tokensPerSecond.append(step.step, step.tokensPerSecond);
    this.curves.memoryBytes.append(step.step, step.memoryBytes);
    this.recentStepMs.push(step.stepMs);
    if (this.recentStepMs.length > recentSteps) this.recentStepMs.shift();
  }

  /** The smoothed training loss at the step nearest to `step`. */
  smoothedLossAt(step: number): number | undefined {
    const { loss } = this.curves;
    return loss.at(loss.nearest(step))?.smooth;
  }
}
