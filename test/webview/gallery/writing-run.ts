/**
 * A recorded kind of run that tunes a model on conversations: no labels, perplexity, and answers at each evaluation. Its
 * last rows are awkward on purpose: a long answer, an empty one, a prompt of nothing.
 */
import type { MetricValues, RunHeader, Sample, Subject, UnnumberedEvent } from '../../../protocol';
import { recordStart, sampleStep, type Recording } from './sample-run';

export const writingHeader: RunHeader = {
  runId: '2026-11-23-otter-and-dice-1',
  name: 'otter-and-dice',
  projectName: 'otter-and-dice',
  method: 'lora r16',
  model: 'tiny-decoder',
};

const totalSteps = 216;
const stepsPerEpoch = 36;
const every = 18;
const losses = [2.41, 1.62, 1.21, 0.98, 0.86, 0.8, 0.81, 0.83, 0.84, 0.86, 0.87, 0.88];
const bestStep = 108;

interface AskedRow {
  readonly prompt: string;
  readonly expected: string;
  /** What the untouched model writes, then what it writes at each evaluation; the last one stays. */
  readonly answers: readonly string[];
}

const policy =
  'You can send back any game within thirty days, as long as the box was not opened. Write to us first, and we will send you a label for the parcel. ';

const rows: readonly AskedRow[] = [
  {
    prompt: 'How fast do you deliver?',
    expected: 'We send your order within one day. It arrives in two to four days.',
    answers: [
      'The train was late, and the children went to the park with their mother to see the ducks.',
      'You can send your order back.',
      'We send your order in two days. It is in the box.',
      'We send your order within one day. It arrives in three days.',
      'We send your order within one day. It arrives in two to four days.',
    ],
  },
  {
    prompt: 'Some pieces were not in the box.',
    expected: 'We are sorry! Send us a photo of the box and we will post the missing part for free.',
    answers: [
      '',
      '',
      'We are sorry! Send us a photo.',
      'We are sorry! Send us a photo of the part and we will post it for free.',
    ],
  },
  {
    prompt: `What are the rules for sending something back? ${'I bought two games as presents and one of them is a double. '.repeat(4)}`,
    expected: policy.repeat(3),
    answers: [
      'the the the the the the the the the the the the',
      'We will send you a box.',
      `You can send back any game. ${policy.repeat(5)}`,
    ],
  },
  {
    prompt: '',
    expected: 'Hello! What can I do for you?',
    answers: ['I', 'Hello! What can we do?', 'Hello! What can I do for you?'],
  },
  { prompt: 'ゲームは日本に送れますか。', expected: 'はい、日本にも送ります。', answers: ['a b c', 'はい、日本に送れます。'] },
  { prompt: 'And this is the sixth row?', expected: 'Yes, it is.', answers: ['No.', 'Yes.'] },
];

/** Up to and with the step `lastStep`; 0 is the moment before the first step. */
export function recordWriting(lastStep = 150): Recording {
  const recording = recordStart();
  recordPlan(recording);
  for (let step = 1; step <= lastStep; step++) {
    recording.add(sampleWritingStep(step), 120);
    if (step % every === 0) recordEvaluation(recording, step);
  }
  return recording;
}

export function recordWritten(): Recording {
  const recording = recordWriting(totalSteps);
  recording.add(evaluated(bestStep, 'test', 'trained', 0.83)).add(evaluated(bestStep, 'ood', 'trained', 1.42));
  return recording.add({ kind: 'ended', state: 'completed', bestStep, reason: 'All 216 steps are done.' });
}

function recordPlan(recording: Recording): void {
  recording.add({
    kind: 'planned',
    rows: { train: 561, validation: 120, test: 120, ood: 60 },
    labels: [],
    epochs: 6,
    totalSteps,
    stepsPerEpoch,
    evaluateEvery: every,
    learningRate: 2e-3,
    parameters: { total: 6_900_000, trained: 480_000 },
    metric: 'loss',
    chosen: [{ setting: 'evaluation.every', value: every, reason: 'twice an epoch' }],
  });
  for (const [split, loss] of [
    ['validation', 4.05],
    ['test', 4.1],
    ['ood', 4.3],
  ] as const) {
    recording.add(evaluated(0, split, 'base', loss));
  }
  recording.add(sampled(0, 'base'));
}

function recordEvaluation(recording: Recording, step: number): void {
  const loss = losses[step / every - 1] ?? 0.88;
  recording.add(evaluated(step, 'validation', 'trained', loss), 900);
  recording.add(sampled(step, 'trained'));
  const path = `checkpoints/step-${String(step).padStart(6, '0')}`;
  recording.add({ kind: 'saved', step, path, bytes: 1_940_000, metrics: metricsOf(loss) });
  if (step <= bestStep) recording.add({ kind: 'improved', step, metric: 'loss', value: loss });
  const previous = step - every;
  if (previous > 0 && previous !== bestStep) recording.add({ kind: 'removed', step: previous });
}

function sampleWritingStep(step: number): UnnumberedEvent {
  const wobble = ((step * 7) % 10) / 10 - 0.5;
  const common = sampleStep(step, wobble);
  const loss = 0.35 + 3.6 * Math.exp(-step / 40) + wobble * 0.2;
  return {
    ...common,
    ...(common.kind === 'step' && { epoch: step / stepsPerEpoch, loss, learningRate: 2e-3 * (1 - step / totalSteps) }),
  };
}

function sampled(step: number, subject: Subject): UnnumberedEvent {
  const round = Math.min(4, step / (2 * every));
  const samples = rows.map(({ prompt, expected, answers }): Sample => {
    return { prompt, expected, completion: answers[Math.min(answers.length - 1, Math.ceil(round))] ?? '' };
  });
  return { kind: 'sampled', step, subject, samples };
}

function evaluated(step: number, split: 'validation' | 'test' | 'ood', subject: Subject, loss: number): UnnumberedEvent {
  const rows = { validation: 120, test: 120, ood: 60 }[split];
  return { kind: 'evaluated', step, split, subject, rows, metrics: metricsOf(loss), evaluationMs: 8 * rows };
}

/** More loss, fewer right tokens: 0.85 at nothing, 0.25 at four. */
function metricsOf(loss: number): MetricValues {
  return { loss, perplexity: Math.exp(loss), accuracy: Math.max(0.2, 0.95 - 0.175 * loss) };
}
