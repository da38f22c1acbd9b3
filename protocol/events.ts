/**
 * What a run says: one event a line in events.ndjson, numbered from 1, appended by the trainer before anybody hears of
 * it. The run's state is a fold over these (run-state.ts).
 */
import { z } from 'zod';
import { backendNames } from './config';
import { runErrorSchema } from './errors';
import { metricValuesSchema } from './metrics';

export const splits = ['train', 'validation', 'test', 'ood'] as const;
export type Split = (typeof splits)[number];

export const endStates = ['completed', 'early-stopped', 'stopped', 'out-of-memory', 'diverged', 'failed'] as const;
export type EndState = (typeof endStates)[number];

/** Which model was measured: the untouched base, or the one in training. */
export const subjects = ['majority', 'base', 'trained'] as const;
export type Subject = (typeof subjects)[number];

const step = z.number().int().min(0);
const count = z.number().int().min(0);

/** An interval that holds the metric with 95 % confidence (Wilson). */
const intervalSchema = z.object({ low: z.number(), high: z.number() });
export type Interval = z.infer<typeof intervalSchema>;

/** One row: what was asked, what the row answers, what the model answers. */
const sampleSchema = z.object({ prompt: z.string(), expected: z.string(), completion: z.string() });
export type Sample = z.infer<typeof sampleSchema>;

const envelope = { seq: z.number().int().positive(), atMs: z.number() };

export const runEventSchema = z.discriminatedUnion('kind', [
  /** First: what computes, in which process. */
  z.object({
    ...envelope,
    kind: z.literal('hello'),
    protocol: z.number().int(),
    backend: z.enum(backendNames),
    threads: count,
    refused: z.array(z.object({ name: z.string(), reason: z.string() })),
  }),
  /** A long stretch without steps: what is being done and how far it is. */
  z.object({ ...envelope, kind: z.literal('progress'), activity: z.string(), done: count, total: count }),
  /** After data and model are read, before the first step: what will happen, and which settings were chosen why. */
  z.object({
    ...envelope,
    kind: z.literal('planned'),
    rows: z.partialRecord(z.enum(splits), count),
    labels: z.array(z.string()),
    epochs: z.number(),
    totalSteps: count,
    stepsPerEpoch: z.number(),
    evaluateEvery: count,
    learningRate: z.number(),
    parameters: z.object({ total: count, trained: count }),
    metric: z.enum(['accuracy', 'macroF1', 'loss']),
    chosen: z.array(z.object({ setting: z.string(), value: z.number(), reason: z.string() })),
  }),
  /** Something a person should know that does not end the run. */
  z.object({ ...envelope, kind: z.literal('notice'), message: z.string() }),
  /** One optimizer step. `loss` is the mean over its rows before the update, `gradNorm` the norm before clipping. */
  z.object({
    ...envelope,
    kind: z.literal('step'),
    step,
    epoch: z.number(),
    loss: z.number(),
    learningRate: z.number(),
    gradNorm: z.number(),
    stepMs: z.number(),
    tokensPerSecond: z.number(),
    memoryBytes: z.number(),
  }),
  /** A held-out measurement; `step` is 0 for the untouched base. */
  z.object({
    ...envelope,
    kind: z.literal('evaluated'),
    step,
    split: z.enum(splits),
    subject: z.enum(subjects),
    rows: count,
    metrics: metricValuesSchema,
    accuracyInterval: intervalSchema.optional(),
    evaluationMs: z.number(),
  }),
  /** What the model writes for a few validation rows, beside what they should have been. */
  z.object({ ...envelope, kind: z.literal('sampled'), step, subject: z.enum(subjects), samples: z.array(sampleSchema) }),
  /** A checkpoint is complete on disk; `path` is relative to the run folder. */
  z.object({ ...envelope, kind: z.literal('saved'), step, path: z.string(), bytes: count, metrics: metricValuesSchema }),
  /** The newest evaluation is the best so far. */
  z.object({ ...envelope, kind: z.literal('improved'), step, metric: z.string(), value: z.number() }),
  /** A checkpoint was deleted to keep within `checkpoints`. */
  z.object({ ...envelope, kind: z.literal('removed'), step }),
  z.object({ ...envelope, kind: z.literal('paused') }),
  z.object({ ...envelope, kind: z.literal('continued') }),
  /** A stop request was read; the run saves and ends. */
  z.object({ ...envelope, kind: z.literal('stopping') }),
  /** Last. `state` is honest; `error` is there for out-of-memory, diverged and failed. */
  z.object({
    ...envelope,
    kind: z.literal('ended'),
    state: z.enum(endStates),
    bestStep: step.optional(),
    reason: z.string(),
    error: runErrorSchema.optional(),
  }),
]);

export type RunEvent = z.infer<typeof runEventSchema>;
export type RunEventKind = RunEvent['kind'];
export type RunEventOf<Kind extends RunEventKind> = Extract<RunEvent, { kind: Kind }>;
/** An event before the log has numbered and dated it. */
export type UnnumberedEvent = { [Kind in RunEventKind]: Omit<RunEventOf<Kind>, 'seq' | 'atMs'> }[RunEventKind];

export const protocolVersion = 1;

/** `undefined` when the value is not an event this version knows; the reader reports and skips it. */
export function parseRunEvent(input: unknown): RunEvent | undefined {
  const parsed = runEventSchema.safeParse(input);
  return parsed.success ? parsed.data : undefined;
}
