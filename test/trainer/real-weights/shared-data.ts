/** Weights that somebody trained, in ../shared/data where that is: no part of the repository. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../../../inputs/assets';
import type { RawTensor } from '../tiny-model';

export function sharedFile(...path: string[]): string {
  return join(packageRoot(), '..', 'shared', 'data', ...path);
}

/** For `before`: skips what follows, saying what is missing. */
export function skipWithout(context: Mocha.Context, file: string): void {
  if (existsSync(file)) return;
  console.log(`      skipped: ${file} is not there`);
  context.skip();
}

export function readJsonFile(file: string): unknown {
  return JSON.parse(readFileSync(file, 'utf8'));
}

export function float32(shape: readonly number[], values: Float32Array): RawTensor {
  return { dtype: 'F32', shape, bytes: new Uint8Array(values.slice().buffer) };
}
