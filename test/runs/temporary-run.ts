/** A real project folder with one run in the system's temporary folder, and a run.json that is right in every field. */
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseConfig, type RunConfig, type RunRecord } from '../../protocol';
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
  return {
    projectDir,
    runDir,
    delete: () => {
      rmSync(projectDir, { recursive: true, force: true });
    },
  };
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
    config: exampleConfig(),
    data: { train: { path: 'train.jsonl', bytes: 3, sha256: 'a'.repeat(64) } },
    model: { path: 'models/tiny-encoder', bytes: 3, sha256: 'b'.repeat(64) },
    temperVersion: '0.1.0',
    nodeVersion: 'v24.0.0',
    process: currentProcess(),
  };
}

function exampleConfig(): RunConfig {
  const parsed = parseConfig({ data: { train: 'train.jsonl' } });
  if (parsed.kind === 'invalid') throw new Error(JSON.stringify(parsed.problems));
  return parsed.config;
}
