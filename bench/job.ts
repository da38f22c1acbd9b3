/** Writes what a measurement needs: the batches and the job file that names them. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { drawBatches, formatShape, type BatchShape } from './batches';
import type { BenchMethod, Job } from './messages';
import { readVocabularySize } from './models';
import { workDir } from './places';

export interface JobRequest {
  readonly modelDir: string;
  readonly method: BenchMethod;
  readonly shape: BatchShape;
  readonly labels?: number;
  /** Different batches in turn, as in a run: the embedding rows that change are others each time. */
  readonly batchCount?: number;
  readonly learningRate?: number;
  readonly seed?: number;
}

/** Returns the job's file. The optimizer is that of Hugging Face's Trainer; LoRA has PEFT's usual shape. */
export function writeJob(request: JobRequest): string {
  const { modelDir, method, shape, labels = 7, batchCount = 8, learningRate = 1e-4, seed = 0 } = request;
  const dir = join(workDir(), 'jobs', `${basename(modelDir)}-${method}-${formatShape(shape)}`);
  mkdirSync(dir, { recursive: true });
  const job: Job = {
    model: modelDir,
    method,
    labels,
    batches: join(dir, 'batches.json'),
    initialWeights: join(dir, 'initial.safetensors'),
    learningRate,
    weightDecay: 0.01,
    maxGradNorm: 1,
    lora: { r: 8, alpha: 16, targetModules: ['query', 'value'] },
    seed,
  };
  const draw = { count: batchCount, vocabularySize: readVocabularySize(modelDir), labels, seed };
  writeFileSync(job.batches, JSON.stringify(drawBatches(shape, draw)));
  const file = join(dir, 'job.json');
  writeFileSync(file, JSON.stringify(job, undefined, 2));
  return file;
}
