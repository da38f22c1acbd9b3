/** evals/<id>.json: one file per evaluation, so that many may be written at once and a bad one spoils only itself. */
import { mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { evaluationRecordSchema, runId, type EvaluationRecord } from '../protocol';
import { isMissing, runPaths } from './paths';
import { readDocument } from './read-document';
import { writeFileAtomically } from './write-atomically';

export interface EvaluationsOnDisk {
  /** In the order in which they were made. */
  readonly evaluations: readonly EvaluationRecord[];
  /** Files that could not be understood. */
  readonly skipped: number;
}

/** Returns the file. The same id again replaces it. */
export async function writeEvaluation(runDir: string, record: EvaluationRecord): Promise<string> {
  if (!runId.test(record.id)) throw new TypeError(`Not a name for a file: ${JSON.stringify(record.id)}`);
  const { evals } = runPaths(runDir);
  await mkdir(evals, { recursive: true });
  const file = join(evals, `${record.id}.json`);
  await writeFileAtomically(file, `${JSON.stringify(record)}\n`);
  return file;
}

export async function readEvaluations(runDir: string): Promise<EvaluationsOnDisk> {
  const { evals } = runPaths(runDir);
  const documents = await Promise.all((await jsonFiles(evals)).map((file) => readDocument(file, evaluationRecordSchema)));
  const evaluations = documents.flatMap((document) => (document.kind === 'read' ? [document.value] : []));
  evaluations.sort((a, b) => a.atMs - b.atMs);
  return { evaluations, skipped: documents.length - evaluations.length };
}

async function jsonFiles(dir: string): Promise<string[]> {
  const names = await readdir(dir).catch((error: unknown) => {
    if (isMissing(error)) return [];
    throw error;
  });
  return names.filter((name) => name.endsWith('.json') && !name.startsWith('.')).map((name) => join(dir, name));
}
