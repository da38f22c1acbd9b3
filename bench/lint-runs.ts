/** Runs what is measured, each time in a process of its own, and reads its one line of JSON. */
import { spawnSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { packageRoot } from '../inputs/assets';
import { programsDir } from './places';

export const readingSchema = z.object({
  seconds: z.number(),
  cpuSeconds: z.number(),
  peakBytes: z.number(),
  rows: z.number().default(NaN),
  problems: z.record(z.string(), z.number()).default({}),
  found: z.array(z.object({ line: z.number(), code: z.string() })).default([]),
});
export type Reading = z.infer<typeof readingSchema>;

export const editsSchema = z.object({
  editMs: z.array(z.number()),
  cpuMs: z.array(z.number()),
  openSeconds: z.number(),
  openPeakBytes: z.number(),
  peakBytes: z.number(),
  rows: z.number(),
});
export type Edits = z.infer<typeof editsSchema>;

/** `profileDir`: where to leave .cpuprofile files, which cost time of their own. */
export function temperCommand(args: readonly string[], profileDir?: string): string[] {
  if (profileDir !== undefined) mkdirSync(profileDir, { recursive: true });
  const profile = profileDir === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${profileDir}`];
  return [process.execPath, ...profile, join(programsDir(), 'lint-subject.cjs'), ...args];
}

export type Checker = 'together' | 'frictionless';

export function checkerCommand(python: string, checker: Checker, file: string): string[] {
  return [python, join(packageRoot(), 'bench', 'peers', 'check_together.py'), checker, file];
}

/** @throws Error with what it wrote to stderr, when it ends without an answer */
export function runOnce<Schema extends z.ZodType>([program = '', ...args]: readonly string[], schema: Schema): z.output<Schema> {
  const { stdout, stderr, status, error } = spawnSync(program, args, { encoding: 'utf8', maxBuffer: 1 << 28 });
  const line = stdout.split('\n').findLast((text) => text.startsWith('{'));
  if (status !== 0 || line === undefined) throw new Error(`${program} ${args.join(' ')}: ${error?.message ?? stderr}`);
  return schema.parse(JSON.parse(line));
}
