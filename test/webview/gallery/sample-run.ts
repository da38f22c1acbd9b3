/**
 * A recorded kind of run for tests and the gallery: 77 intents, lora on a small encoder, 1,689 steps. Its numbers follow
 * formulas with a seeded noise, so every test sees the same curves.
 */
import type { RunEvent, RunHeader, UnnumberedEvent } from '../../../protocol';

export const sampleHeader: RunHeader = {
  runId: '2026-11-22-support-tickets-1',
  name: 'support-tickets',
  projectName: 'helpdesk',
  method: 'lora r16',
  model: 'tiny-encoder',
};

const startMs = Date.UTC(2026, 10, 22, 12, 0, 0);
export const totalSteps = 1689;
export const stepsPerEpoch = 563;
const every = 100;
const validationLosses = [
  1.2, 0.82, 0.61, 0.498, 0.451, 0.425, 0.412, 0.419, 0.432, 0.447, 0.452, 0.46, 0.463, 0.47, 0.472, 0.48,
];
const accuracies = [0.58, 0.72, 0.8, 0.842, 0.858, 0.869, 0.873, 0.872, 0.87, 0.871, 0.87, 0.869, 0.872, 0.87, 0.868, 0.869];

/** Numbers and dates events as the trainer's log would. */
export class Recording {
  readonly events: RunEvent[] = [];
  private atMs = startMs;

  add(event: UnnumberedEvent, afterMs = 100): this {
    this.atMs += afterMs;
    this.events.push({ ...event, seq: this.events.length + 1, atMs: this.atMs });
    return this;
  }
}

export function recordStart(recording = new Recording()): Recording {
  return recording
    .add({ kind: 'hello', protocol: 1, backend: 'wasm', threads: 2, refused: [] })
    .add({ kind: 'progress', activity: 'Reading text', done: 6200, total: 10003 });
}

/** Up to and with the step `lastStep`, evaluations and checkpoints included. */
export function recordTraining(lastStep = 1046, recording = recordStart()): Recording {
  recordPlan(recording);
  const random = createRandom(7);
  for (let step = 1; step <= lastStep; step++) {
    recording.add(sampleStep(step, random()), 120);
    if (step % every === 0) recordEvaluation(recording, step);
  }
  return recording;
}

export function recordCompleted(): Recording {
  const recording = recordTraining(totalSteps);
  for (const [split, base, trained] of [
    ['test', 0.144, 0.861],
    ['ood', 0.152, 0.741],
  ] as const) {
    recording.add(evaluated(700, split, 'trained', trained, 0.45));
    recording.add(evaluated(0, split, 'base', base, 4.37));
  }
  return recording.add({ kind: 'ended', state: 'completed', bestStep: 700, reason: 'all epochs were trained' });
}

export function recordFailure(): Recording {
  return recordTraining(420).add({
    kind: 'ended',
    state: 'diverged',
    bestStep: 400,
    reason: 'the loss is not a number',
    error: {
      code: 'diverged',
      message: 'The loss became NaN at step 420 (gradient norm 1,204 at step 419).',
      hint: 'Lower "training.learningRate" to 5e-4, or lower "training.maxGradNorm".',
    },
  });
}

function recordPlan(recording: Recording): void {
  recording.add({
    kind: 'planned',
    rows: { train: 9003, validation: 1000, test: 3080, ood: 154 },
    labels: Array.from({ length: 77 }, (_, index) => `intent_${index + 1}`),
    epochs: 3,
    totalSteps,
    stepsPerEpoch,
    evaluateEvery: every,
    learningRate: 5e-3,
    parameters: { total: 5_400_000, trained: 216_000 },
    metric: 'accuracy',
    chosen: [
      { setting: 'training.learningRate', value: 5e-3, reason: 'measured best for lora on models of about 5.4 M parameters' },
    ],
  });
  for (const [split, accuracy] of [
    ['validation', 0.141],
    ['test', 0.139],
    ['ood', 0.15],
  ] as const) {
    recording.add(evaluated(0, split, 'majority', accuracy));
  }
  recording.add(evaluated(0, 'validation', 'base', 0.148, 4.31), 2400);
}

export function sampleStep(step: number, noise: number): UnnumberedEvent {
  const warmup = 101;
  const rate = step < warmup ? step / warmup : 1 - (step - warmup) / (totalSteps - warmup);
  return {
    kind: 'step',
    step,
    epoch: step / stepsPerEpoch,
    loss: 0.17 + 4.1 * Math.exp(-step / 150) + noise * (0.8 * Math.exp(-step / 300) + 0.12),
    learningRate: 5e-3 * Math.max(0, rate),
    gradNorm: 0.8 + 1.6 * Math.exp(-step / 200) + noise * 0.3,
    stepMs: 118 + noise * 20,
    tokensPerSecond: 3310 + noise * 300,
    memoryBytes: Math.min(412e6, 200e6 + step * 7e6) + noise * 2e6,
  };
}

function recordEvaluation(recording: Recording, step: number): void {
  const index = step / every - 1;
  const metrics = {
    loss: validationLosses[index] ?? 0.48,
    accuracy: accuracies[index] ?? 0.869,
    macroF1: (accuracies[index] ?? 0.869) - 0.01,
  };
  recording.add(evaluated(step, 'validation', 'trained', metrics.accuracy, metrics.loss), 2400);
  recording.add({ kind: 'saved', step, path: `checkpoints/step-${String(step).padStart(6, '0')}`, bytes: 1_900_000, metrics });
  if (step <= 700) recording.add({ kind: 'improved', step, metric: 'accuracy', value: metrics.accuracy });
  const previous = step - every;
  if (previous > 0 && previous !== 700) recording.add({ kind: 'removed', step: previous }); // the best and the newest stay
}

function evaluated(
  step: number,
  split: 'validation' | 'test' | 'ood',
  subject: 'majority' | 'base' | 'trained',
  accuracy: number,
  loss?: number,
): UnnumberedEvent {
  const rows = { validation: 1000, test: 3080, ood: 154 }[split];
  const half = 1.96 * Math.sqrt((accuracy * (1 - accuracy)) / rows);
  return {
    kind: 'evaluated',
    step,
    split,
    subject,
    rows,
    metrics: { accuracy, macroF1: Math.max(0, accuracy - 0.01), ...(loss !== undefined && { loss }) },
    accuracyInterval: { low: accuracy - half, high: accuracy + half },
    evaluationMs: 2.4 * rows,
  };
}

/** Park and Miller's generator, from -0.5 to 0.5. */
function createRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 16807) % 2147483647;
    return state / 2147483647 - 0.5;
  };
}
