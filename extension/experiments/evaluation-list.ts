/** The evaluations in a run's evals folder, without their rows. Read again only when a file came or went. */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { EvaluationRecord } from '../../protocol';
import { readEvaluations } from '../../runs/evaluation-record';
import { isMissing, runPaths } from '../../runs/paths';

export interface EvaluationSummary extends Pick<EvaluationRecord, 'id' | 'atMs' | 'step' | 'split' | 'rows' | 'metrics'> {
  /** The record itself, absolute. */
  readonly path: string;
}

export class EvaluationList {
  /** Oldest first. */
  all: readonly EvaluationSummary[] = [];
  private readonly runDir: string;
  private names = '';

  constructor(runDir: string) {
    this.runDir = runDir;
  }

  /** True when there is something new. */
  async refresh(): Promise<boolean> {
    const dir = runPaths(this.runDir).evals;
    const names = (await namesIn(dir)).sort().join('|');
    if (names === this.names) return false;
    this.names = names;
    const { evaluations } = await readEvaluations(this.runDir);
    this.all = evaluations.map((record) => summarize(record, dir));
    return true;
  }
}

function summarize({ id, atMs, step, split, rows, metrics }: EvaluationRecord, dir: string): EvaluationSummary {
  return { id, atMs, step, split, rows, metrics, path: join(dir, `${id}.json`) };
}

async function namesIn(dir: string): Promise<string[]> {
  try {
    return await readdir(dir);
  } catch (error) {
    if (isMissing(error)) return [];
    throw error;
  }
}
