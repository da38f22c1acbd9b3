/** Where the bench keeps what it makes. */
import { join } from 'node:path';
import { packageRoot } from '../inputs/assets';

/** Everything below can be deleted; it is made again. */
export function workDir(): string {
  return join(packageRoot(), 'out', 'bench');
}

/** The bundles of `scripts/bench.mjs`. */
export function programsDir(): string {
  return join(workDir(), 'programs');
}
