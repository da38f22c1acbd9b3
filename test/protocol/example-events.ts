/** One event of each kind with every optional field given. A new kind does not compile until it stands here. */
import type { RunEvent, RunEventKind, RunEventOf } from '../../protocol';

type Content<Kind extends RunEventKind> = Omit<RunEventOf<Kind>, 'seq' | 'atMs'>;

export const exampleEvents: { readonly [Kind in RunEventKind]: Content<Kind> } = {
  hello: { kind: 'hello', protocol: 1, backend: 'wasm', threads: 4, refused: [{ name: 'tensorflow', reason: 'not installed' }] },
  progress: { kind: 'progress', activity: 'Reading train.jsonl', done: 3, total: 10 },
  planned: {
    kind: 'planned',
    rows: { train: 900, validation: 100, test: 80, ood: 40 },
    labels: ['ham', 'späm'],
    epochs: 3,
    totalSteps: 171,
    stepsPerEpoch: 57,
    evaluateEvery: 28,
    learningRate: 5e-3,
    parameters: { total: 4_386_178, trained: 8_192 },
    metric: 'macroF1',
    chosen: [{ setting: 'training.epochs', value: 3, reason: '900 training rows' }],
  },
  notice: { kind: 'notice', message: '12 texts were cut at 128 tokens – 日本語 🐧' },
  sampled: {
    kind: 'sampled',
    step: 40,
    subject: 'trained',
    samples: [{ prompt: 'When do you open?', expected: 'At nine.', completion: 'At ten – 日本' }],
  },
  step: {
    kind: 'step',
    step: 7,
    epoch: 0.12,
    loss: 1.25,
    learningRate: 1e-3,
    gradNorm: 0.75,
    stepMs: 81.5,
    tokensPerSecond: 25_123.4,
    memoryBytes: 1e9,
  },
  evaluated: {
    kind: 'evaluated',
    step: 7,
    split: 'validation',
    subject: 'trained',
    rows: 100,
    metrics: { loss: 0.5, accuracy: 0.875, macroF1: 0.83 },
    accuracyInterval: { low: 0.8, high: 0.93 },
    evaluationMs: 912,
  },
  saved: { kind: 'saved', step: 7, path: 'checkpoints/step-000007', bytes: 65_536, metrics: { accuracy: 0.875 } },
  improved: { kind: 'improved', step: 7, metric: 'accuracy', value: 0.875 },
  removed: { kind: 'removed', step: 3 },
  paused: { kind: 'paused' },
  continued: { kind: 'continued' },
  stopping: { kind: 'stopping' },
  ended: {
    kind: 'ended',
    state: 'failed',
    bestStep: 7,
    reason: 'The disk is full.',
    error: { code: 'disk-full', message: 'm', hint: 'h', file: '/f', line: 3, detail: 'd' },
  },
};

export const eventKinds = Object.keys(exampleEvents) as RunEventKind[]; // keys of a closed literal

export function exampleEvent(kind: RunEventKind, seq: number): RunEvent {
  return { seq, atMs: 1_000 + seq, ...exampleEvents[kind] }; // each content is of its kind, by the type above
}
