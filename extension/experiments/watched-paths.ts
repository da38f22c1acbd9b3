/** Which paths below a project tell us something about its runs. Heartbeats, logs and weights change too often or too big. */
import { isAbsolute, join, relative, sep } from 'node:path';
import { runsDir } from '../../runs/paths';

const watchedInRun = ['run.json', 'events.ndjson', 'evals'];

/** For chokidar, which asks about the folder it starts in as well as about all that it finds in there. */
export function isWatched(projectDir: string, path: string): boolean {
  const parts = partsBelow(projectDir, path);
  if (parts === undefined) return false;
  const [temper = '.temper', runs = 'runs', , inRun, inEvals] = parts;
  if (temper !== '.temper' || runs !== 'runs') return false;
  if (inRun !== undefined && !watchedInRun.includes(inRun)) return false;
  return inEvals === undefined || (inRun === 'evals' && inEvals.endsWith('.json'));
}

/** The folder of the run that a changed path belongs to; `undefined` for the folders above the runs. */
export function runDirOf(projectDir: string, path: string): string | undefined {
  const id = partsBelow(projectDir, path)?.[2];
  return id === undefined ? undefined : join(runsDir(projectDir), id);
}

function partsBelow(projectDir: string, path: string): string[] | undefined {
  const below = relative(projectDir, path);
  if (below === '') return [];
  return isAbsolute(below) || below.split(sep)[0] === '..' ? undefined : below.split(sep);
}
