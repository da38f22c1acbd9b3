/** The JSON documents of a run folder besides its events: run.json, a checkpoint's MANIFEST.json, evals/<id>.json. */
import { z } from 'zod';
import { runConfigSchema } from './config';
import { metricValuesSchema } from './metrics';

const fileHash = z.object({ path: z.string(), bytes: z.number().int(), sha256: z.string() });
export type FileHash = z.infer<typeof fileHash>;

/** run.json: written once, before the first event. Paths are absolute on the machine that ran it. */
export const runRecordSchema = z.object({
  formatVersion: z.literal(1),
  runId: z.string(),
  name: z.string(),
  createdAtMs: z.number(),
  projectDir: z.string(),
  config: runConfigSchema,
  data: z.record(z.string(), fileHash),
  model: fileHash,
  gitCommit: z.string().optional(),
  temperVersion: z.string(),
  nodeVersion: z.string(),
  process: z.object({ host: z.string(), pid: z.number().int(), startedAtMs: z.number() }),
});
export type RunRecord = z.infer<typeof runRecordSchema>;

/** MANIFEST.json: written last, so its presence means that the checkpoint is complete. */
export const checkpointManifestSchema = z.object({
  formatVersion: z.literal(1),
  step: z.number().int(),
  method: z.string(),
  files: z.array(fileHash),
});
export type CheckpointManifest = z.infer<typeof checkpointManifestSchema>;

const labelMetricsSchema = z.object({
  label: z.string(),
  rows: z.number().int(),
  precision: z.number(),
  recall: z.number(),
  f1: z.number(),
});
export type LabelMetrics = z.infer<typeof labelMetricsSchema>;

/** A row that was sorted, or one whose words were scored: `loss` and `accuracy` are over its `tokens` learnt tokens. */
const evaluatedRowSchema = z.union([
  z.object({ line: z.number().int(), text: z.string(), label: z.string(), predicted: z.string(), score: z.number() }),
  z.object({
    line: z.number().int(),
    prompt: z.string(),
    completion: z.string(),
    tokens: z.number().int(),
    loss: z.number(),
    accuracy: z.number(),
  }),
]);
export type EvaluatedRow = z.infer<typeof evaluatedRowSchema>;

/** evals/<id>.json: one evaluation with every row's prediction. `row` is the 1-based line in `file`. */
export const evaluationRecordSchema = z.object({
  formatVersion: z.literal(1),
  id: z.string(),
  atMs: z.number(),
  step: z.number().int(),
  split: z.string(),
  file: z.string(),
  rows: z.number().int(),
  metrics: metricValuesSchema,
  accuracyInterval: z.object({ low: z.number(), high: z.number() }).optional(),
  perLabel: z.array(labelMetricsSchema),
  predictions: z.array(evaluatedRowSchema),
});
export type EvaluationRecord = z.infer<typeof evaluationRecordSchema>;

export const runId = /^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/;
