/**
 * What contestants are told and what they say. A contestant is a child process that reads one job file, builds its model
 * once, and then, for every line `{"steps": n}` on its input, takes n optimizer steps and answers with one line. So several
 * take turns in one run while the others idle. `{"predict": FILE}` asks for the class of every row of a file of batches.
 * `peers/pytorch_contestant.py` speaks the same lines.
 */
import { z } from 'zod';

/** The same file for every contestant: what to train, on which batches, from which weights. */
export const jobSchema = z.strictObject({
  /** A Hugging Face folder. */
  model: z.string(),
  method: z.enum(['lora', 'full']),
  /** How many. */
  labels: z.number().int().positive(),
  /** A file of `batchesSchema`; step s takes batch s modulo their number. */
  batches: z.string(),
  /** A safetensors file of what is trained and not in `model`, as it is at the start. Temper's contestants write it, others read it. */
  initialWeights: z.string(),
  /** Constant, unless there is a schedule. */
  learningRate: z.number().positive(),
  /** Rises linearly from 0 over the warm-up, then falls linearly to 0. */
  schedule: z.strictObject({ warmupSteps: z.number().int().min(0), totalSteps: z.number().int().positive() }).optional(),
  weightDecay: z.number().min(0),
  maxGradNorm: z.number().positive(),
  lora: z.strictObject({ r: z.number().int(), alpha: z.number(), targetModules: z.array(z.string()) }),
  seed: z.number().int().min(0),
});
export type Job = z.infer<typeof jobSchema>;
export type BenchMethod = Job['method'];

/** ids [rows][its length], labels [rows]. */
export const batchesSchema = z.array(z.strictObject({ ids: z.array(z.array(z.number())), labels: z.array(z.number()) }));
export type BenchBatch = z.infer<typeof batchesSchema>[number];

/** To a contestant. */
export const turnSchema = z.union([
  z.strictObject({ steps: z.number().int().positive() }),
  z.strictObject({ predict: z.string() }),
]);
export type Turn = z.infer<typeof turnSchema>;

const readySchema = z.object({
  kind: z.literal('ready'),
  threads: z.number(),
  trainedParameters: z.number(),
  versions: z.record(z.string(), z.string()),
});
const ranSchema = z.object({
  kind: z.literal('ran'),
  stepSeconds: z.array(z.number()),
  losses: z.array(z.number()),
  /** In all steps of this turn. */
  tokens: z.number(),
  /** The most memory the process ever had resident. */
  peakBytes: z.number(),
});
const predictedSchema = z.object({
  kind: z.literal('predicted'),
  /** The most probable class of every row, in the order of the file. */
  labels: z.array(z.number().int()),
});
/** It cannot take part here, for instance because its packages are missing; it has ended. */
const refusedSchema = z.object({ kind: z.literal('refused'), reason: z.string() });

/** From a contestant: `ready` or `refused` first, then a `ran` or `predicted` for each turn. */
export const answerSchema = z.discriminatedUnion('kind', [readySchema, ranSchema, predictedSchema, refusedSchema]);
export type Answer = z.infer<typeof answerSchema>;
export type Ready = z.infer<typeof readySchema>;
export type Ran = z.infer<typeof ranSchema>;
