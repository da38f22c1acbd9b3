/** Makes the run's folder and writes run.json, once. */
import { execFile } from 'node:child_process';
import { mkdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { promisify } from 'node:util';
import type { LoadedData } from '../dataset/load-splits';
import type { Project } from '../dataset/project';
import { temperVersion } from '../inputs/assets';
import { RunFailure, runId as runIdPattern, type FileHash, type RunRecord } from '../protocol';
import { currentProcess } from '../runs/liveness';
import { isRunDir, runPaths, runsDir } from '../runs/paths';
import { reserveRunDir } from '../runs/reserve-run-dir';
import { writeFileAtomically } from '../runs/write-atomically';
import type { LoadedModel } from './model-folder';

export interface RunDir {
  readonly runId: string;
  readonly runDir: string;
}

/** @throws RunFailure 'bad-run' when a run of that id is there already */
export async function createRunDir(
  project: Project,
  data: LoadedData,
  model: LoadedModel,
  wantedId: string | undefined,
): Promise<RunDir> {
  const runDir = wantedId === undefined ? await reserveRunDir(project.dir) : join(runsDir(project.dir), wantedId);
  const runId = wantedId ?? basename(runDir);
  if (!runIdPattern.test(runId) || isRunDir(runDir)) throw unusableId(runId);
  await mkdir(runPaths(runDir).checkpoints, { recursive: true });
  const record = await describeRun(project, data, model, runId);
  await writeFileAtomically(runPaths(runDir).record, `${JSON.stringify(record, undefined, 2)}\n`);
  return { runId, runDir };
}

async function describeRun({ dir, config }: Project, data: LoadedData, model: LoadedModel, runId: string): Promise<RunRecord> {
  const files = Object.entries(data.splits).map(([split, { file, bytes, sha256 }]): [string, FileHash] => [
    split,
    { path: file, bytes, sha256 },
  ]);
  const gitCommit = await readGitCommit(dir);
  return {
    formatVersion: 1,
    runId,
    name: config.name ?? `${config.model.split(/[\\/]/).at(-1) ?? config.model} · ${describeMethod(config.method)}`,
    createdAtMs: Date.now(),
    projectDir: dir,
    config,
    data: Object.fromEntries(files),
    model: model.weights,
    ...(gitCommit !== undefined && { gitCommit }),
    temperVersion: temperVersion(),
    nodeVersion: process.version,
    process: currentProcess(),
  };
}

function describeMethod(method: Project['config']['method']): string {
  return method.type === 'lora' ? `lora r${method.r}` : method.type;
}

/** The commit of the project's repository, or nothing: there may be no git, no repository, no commit. */
async function readGitCommit(dir: string): Promise<string | undefined> {
  const run = promisify(execFile)('git', ['rev-parse', 'HEAD'], { cwd: dir, timeout: 5000 });
  return run.then(({ stdout }) => stdout.trim()).catch(() => undefined);
}

function unusableId(runId: string): RunFailure {
  return new RunFailure({
    code: 'bad-run',
    message: `A run cannot be called "${runId}": it is taken, or holds other characters than letters, digits, ".", "_" and "-".`,
    hint: 'Leave --run-id out, or choose another.',
  });
}
