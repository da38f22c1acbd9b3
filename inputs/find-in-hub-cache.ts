/** Finds a model that lies in the Hugging Face cache, whoever put it there. Never asks a server. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { formatHubModelName, parseHubModelName, type HubModelName } from '../protocol';
import { hubCacheDir, refFile, repositoryDir, snapshotDir } from './hub-cache';

/** `absent` says what was looked for, as the end of a sentence, and what to do. */
export type CachedModel =
  { readonly kind: 'found'; readonly dir: string } | { readonly kind: 'absent'; readonly reason: string; readonly hint: string };

const commitName = /^[0-9a-f]{40}$/;

/** `org/name[@revision]`; nothing for a text that cannot be such a name, or is one word that the cache does not know. */
export function findInHubCache(text: string, environment: NodeJS.ProcessEnv = process.env): CachedModel | undefined {
  const name = parseHubModelName(text);
  if (name === undefined) return undefined;
  const cacheDir = hubCacheDir(environment);
  const repository = repositoryDir(cacheDir, name.repository);
  if (!existsSync(repository) && !name.repository.includes('/')) return undefined;
  if (!existsSync(repository)) return absent(name, `the Hugging Face cache in ${cacheDir} has no ${name.repository}`);
  const commit = findCommit(repository, name.revision);
  const dir = commit === undefined ? undefined : snapshotDir(repository, commit);
  if (dir === undefined || !existsSync(dir)) return absent(name, describeOthers(name, repository));
  const missing = findMissing(dir);
  return missing === undefined ? { kind: 'found', dir } : absent(name, `${dir} lacks ${missing}`);
}

function absent(name: HubModelName, reason: string): CachedModel {
  const hint = `To download it, run "temper pull ${formatHubModelName(name)}", or "Temper: Download Base Model" in the editor.`;
  return { kind: 'absent', reason, hint };
}

function findCommit(repository: string, revision: string): string | undefined {
  if (commitName.test(revision)) return revision;
  const file = refFile(repository, revision);
  const commit = existsSync(file) ? readFileSync(file, 'utf8').trim() : '';
  return commitName.test(commit) ? commit : undefined;
}

function describeOthers({ repository: name, revision }: HubModelName, repository: string): string {
  const snapshots = join(repository, 'snapshots');
  const commits = existsSync(snapshots) ? readdirSync(snapshots).filter((entry) => commitName.test(entry)) : [];
  const others = commits.length === 0 ? 'only an unfinished download' : `only ${commits.join(', ')}`;
  return `the Hugging Face cache has no revision "${revision}" of ${name}, ${others}`;
}

const indexSchema = z.object({ weight_map: z.record(z.string(), z.string()) });

/** Other tools fetch file by file, as they need them; a model without its weights is of no use here. */
function findMissing(dir: string): string | undefined {
  const has = (name: string) => existsSync(join(dir, name));
  if (!has('config.json') && !has('adapter_config.json') && !has('modules.json')) return 'config.json';
  if (has('model.safetensors') || has('adapter_model.safetensors') || has('modules.json')) return undefined;
  const index = join(dir, 'model.safetensors.index.json');
  if (!existsSync(index)) return 'model.safetensors';
  return readShardNames(index).find((name) => !has(name));
}

/** None of an index that cannot be read: who loads the model says what is wrong with it. */
function readShardNames(index: string): string[] {
  try {
    const { weight_map: places } = indexSchema.parse(JSON.parse(readFileSync(index, 'utf8')));
    return [...new Set(Object.values(places))];
  } catch {
    return [];
  }
}
