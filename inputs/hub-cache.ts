/**
 * Where the Hugging Face cache of this disk lies, and its models in it: from the environment variables that every tool of
 * Hugging Face's reads. Nothing here asks a server or writes.
 */
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';

/** The first that is set: HF_HUB_CACHE, its old name, HF_HOME, the folder for caches. */
export function hubCacheDir(environment: NodeJS.ProcessEnv): string {
  const named = environment['HF_HUB_CACHE'] || environment['HUGGINGFACE_HUB_CACHE'];
  return named ? expandPath(named, environment) : join(hubHome(environment), 'hub');
}

export function hubHome(environment: NodeJS.ProcessEnv): string {
  const caches = environment['XDG_CACHE_HOME'] || join(homedir(), '.cache');
  return expandPath(environment['HF_HOME'] || join(caches, 'huggingface'), environment);
}

/** As a shell would: `~`, `$NAME` and `${NAME}`. A variable that is not set stays as it is written. */
export function expandPath(path: string, environment: NodeJS.ProcessEnv): string {
  const expanded = path.replaceAll(/\$\{(\w+)\}|\$(\w+)/g, (written, braced: string | undefined, plain: string | undefined) => {
    return environment[braced ?? plain ?? ''] ?? written;
  });
  return resolve(expanded.replace(/^~(?=$|[\\/])/, homedir()));
}

/** `org/name` → `models--org--name`. */
export function repositoryDir(cacheDir: string, repository: string): string {
  return join(cacheDir, `models--${repository.replaceAll('/', '--')}`);
}

export function snapshotDir(repositoryFolder: string, commit: string): string {
  return join(repositoryFolder, 'snapshots', commit);
}

export function refFile(repositoryFolder: string, revision: string): string {
  return join(repositoryFolder, 'refs', ...revision.split('/'));
}
