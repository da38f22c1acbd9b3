/** A file of held-out rows that no project names, read as those of a run are. */
import { dirname } from 'node:path';
import type { RunConfig } from '../protocol';
import { passFiles } from './data-gate';
import { roleAlone, type FileRole } from './lint/file-role';
import { keepKnown, type LoadedSplit } from './load-splits';
import { requireTrainable } from './trainable-rows';

/**
 * `labels` are the run's; another one is an error.
 * @throws RunFailure 'bad-data'
 */
export async function loadFile(file: string, { task, data, lint }: RunConfig, labels: readonly string[]): Promise<LoadedSplit> {
  const known = labels.length > 0 ? { labels: [...labels] } : {};
  const role: FileRole = { ...roleAlone(file), split: 'test', task: task.type, data: { ...data, ...known }, lint };
  const roles = { configFile: undefined, configText: '', config: undefined, problems: [], roles: [role], named: [file] };
  const [passed] = await passFiles(() => Promise.resolve(roles), { dir: dirname(file), looksForLeaks: false });
  if (!passed) throw new Error(`${file} was neither read nor refused.`);
  const { sha256, bytes } = passed;
  const rows = labels.length > 0 ? keepKnown(passed.rows, labels) : passed.rows;
  requireTrainable({ file, rows }, task.type, dirname(file));
  return { file, sha256, bytes, rows };
}
