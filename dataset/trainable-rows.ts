/**
 * Whether rows are such as a task trains on. Linting takes rows of any shape, and files without rows where temper.json says
 * that this is no error; training and evaluation do not.
 */
import { relative, resolve } from 'node:path';
import { RunFailure, splits, type RunError } from '../protocol';
import type { LoadedData, LoadedSplit } from './load-splits';
import type { Project } from './project';
import { shapeNamed, taskShapes, type TaskType } from './shapes/registry';
import type { RowKind } from './shapes/rows';

const kinds: Readonly<Record<TaskType, RowKind>> = {
  'text-classification': 'classification',
  'instruction-tuning': 'chat',
};

/** @throws RunFailure 'bad-data' for the first split that the config names and that has no row for its task */
export function requireTrainableSplits({ dir, config }: Project, data: LoadedData): void {
  for (const split of splits) {
    const path = config.data[split];
    if (path === undefined) continue;
    const { file = resolve(dir, path), rows = [] } = data.splits[split] ?? {};
    requireTrainable({ file, rows }, config.task.type, dir);
  }
}

/** @throws RunFailure 'bad-data' */
export function requireTrainable({ file, rows }: Pick<LoadedSplit, 'file' | 'rows'>, task: TaskType, dir: string): void {
  const name = relative(dir, file);
  const [row] = rows;
  if (!row) throw new RunFailure(noRows(name, file));
  if (row.kind !== kinds[task]) throw new RunFailure(foreignRows(name, file, { kind: row.kind, task }));
}

function noRows(name: string, file: string): RunError {
  return {
    code: 'bad-data',
    message: `${name} has no row that can be used.`,
    hint: '"temper lint" shows what is wrong with its rows; rules that are switched off in temper.json ("lint") stay silent.',
    file,
  };
}

/** "data.shape" may name another shape, and a folder of images always has one. */
function foreignRows(name: string, file: string, { kind, task }: { kind: RowKind; task: TaskType }): RunError {
  const wanted = taskShapes[task].map((shape) => shapeNamed(shape).description);
  return {
    code: 'bad-data',
    message: `The rows of ${name} are read as rows of the kind "${kind}". The task ${task} trains on rows of ${wanted.join(', or of ')}.`,
    hint: 'Correct "data.shape" or "task" in temper.json, or name other files.',
    file,
  };
}
