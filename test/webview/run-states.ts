/** Small states for the pure tests: only what a sentence or an estimate looks at. */
import type { EvaluationFacts, PlanFacts, RunState, StepFacts } from '../../protocol';
import { initialRunState } from '../../protocol/run-state';

export const plan: PlanFacts = {
  rows: { train: 1000, validation: 100 },
  labels: ['no', 'yes'],
  epochs: 2,
  totalSteps: 1000,
  stepsPerEpoch: 500,
  evaluateEvery: 100,
  learningRate: 5e-3,
  parameters: { total: 5_400_000, trained: 54_000 },
  metric: 'accuracy',
  chosen: [],
};

export function stateOf(parts: Partial<RunState>): RunState {
  return { ...initialRunState, phase: { kind: 'training' }, plan, ...parts };
}

export function stepAt(step: number): StepFacts {
  return {
    step,
    epoch: step / 500,
    loss: 1,
    learningRate: 1e-3,
    gradNorm: 1,
    stepMs: 100,
    tokensPerSecond: 1000,
    memoryBytes: 1e6,
    atMs: step * 100,
  };
}

type EvaluationParts = Omit<Partial<EvaluationFacts>, 'metrics'> & { readonly loss?: number; readonly accuracy?: number };

export function evaluationOf({ loss, accuracy, ...parts }: EvaluationParts): EvaluationFacts {
  const metrics = { ...(loss !== undefined && { loss }), ...(accuracy !== undefined && { accuracy }) };
  return { step: 100, split: 'validation', subject: 'trained', rows: 100, evaluationMs: 1000, metrics, ...parts };
}
