/** A real project folder with one run in the system's temporary folder, and a run.json that is right in every field. */
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { RunRecord } from '../../protocol';
import { currentProcess } from '../../runs/liveness';
import { runPaths, runsDir } from '../../runs/paths';

export interface TemporaryRun {
  readonly projectDir: string;
  readonly runDir: string;
  delete(): void;
}

export function createTemporaryRun(runId = '20261122-203145'): TemporaryRun {
  const projectDir = realpathSync(mkdtempSync(join(tmpdir(), 'temper-runs-')));
  const runDir = join(runsDir(projectDir), runId);
  mkdirSync(runDir, { recursive: true });
  return { projectDir, runDir, delete: () => rmSync(projectDir, { recursive: true, force: true }) };
}

export function writeRecord(runDir: string, changes: Partial<RunRecord> = {}): RunRecord {
  const record = { ...exampleRecord(), ...changes };
  writeFileSync(runPaths(runDir).record, JSON.stringify(record));
  return record;
}

function exampleRecord(): RunRecord {
  return {
    formatVersion: 1,
    runId: '20261122-203145',
    name: 'spam',
    createdAtMs: 1_795_379_505_000,
    projectDir: '/home/somebody/spam',
    config: {
      model: 'tiny-encoder',
      initialWeights: 'pretrained',
      task: { type: 'text-classification' },
      data: { train: 'train.jsonl', textColumn: 'text', labelColumn: 'label', validationFraction: 0.1 },
      method: { type: 'lora', r: 8, alpha: 16, dropout: 0, targetModules: ['query'] },
      training: {
        batchSize: 16,
        gradientAccumulationSteps: 1,
        lrScheduler: 'linear',
        warmupRatio: 0.06,
        weightDecay: 0.01,
        maxGradNorm: 1,
        labelSmoothing: 0,
        maxLength: 128,
        seed: 42,
      },
      evaluation: { metric: 'accuracy', earlyStoppingPatience: 4, batchSize: 64 },
      checkpoints: { keepBest: 1, keepLast: 1 },
      backend: 'auto',
    },
    data: { train: { path: 'train.jsonl', bytes: 3, sha256: 'a'.repeat(64) } },
    model: { path: 'models/tiny-encoder', bytes: 3, sha256: 'b'.repeat(64) },
    temperVersion: '0.1.0',
    nodeVersion: 'v24.0.0',
    process: currentProcess(),
  };
}
