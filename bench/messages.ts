/**
 * What contestants are told and what they say. A contestant is a child process that reads one job file, builds its model
 * once, and then, for every line `{"steps": n}` on its input, takes n optimizer steps and answers with one line. So several
 * take turns in one run while the others idle. `peers/pytorch_contestant.py` speaks the same lines.
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
  /** Constant, without warm-up. */
  learningRate: z.number().positive(),
  weightDecay: z.number().min(0),
  maxGradNorm: z.number().positive(),
  lora: z.strictObject({ r: z.number().int(), alpha: z.number(), targetModules: z.array(z.string()) }),
  seed: z.number().int().min(0),
});
export type Job = z.infer<typeof jobSchema>;
export type BenchMethod = Job['method'];

/** Rows of one length: ids [rows][length], labels [rows]. */
export const batchesSchema = z.array(z.strictObject({ ids: z.array(z.array(z.number())), labels: z.array(z.number()) }));
export type BenchBatch = z.infer<typeof batchesSchema>[number];

/** To a contestant. */
export const turnSchema = z.strictObject({ steps: z.number().int().positive() });

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
/** It cannot take part here, for instance because its packages are missing; it has ended. */
const refusedSchema = z.object({ kind: z.literal('refused'), reason: z.string() });

/** From a contestant: `ready` or `refused` first, then a `ran` for each turn. */
export const answerSchema = z.discriminatedUnion('kind', [readySchema, ranSchema, refusedSchema]);
export type Answer = z.infer<typeof answerSchema>;
export type Ready = z.infer<typeof readySchema>;
export type Ran = z.infer<typeof ranSchema>;
