/**
 * What can go wrong, as data: every message a person reads about a failed run, file or command is made in this file or
 * in the world that found the fault, always in the same shape. Nothing here throws.
 */
import { z } from 'zod';

/** Stable codes: people's scripts match on them, so a code is never reused for something else. */
export const errorCodes = [
  'bad-usage',
  'bad-config',
  'bad-data',
  'leaks',
  'bad-model',
  'bad-checkpoint',
  'bad-run',
  'out-of-memory',
  'disk-full',
  'diverged',
  'backend-missing',
  'install-failed',
  'download-failed',
  'access-denied',
  'internal',
] as const;
export type ErrorCode = (typeof errorCodes)[number];

/** `message` says what was tried and what was found, `hint` what to do next, `detail` is for the log only. */
export const runErrorSchema = z.object({
  code: z.enum(errorCodes),
  message: z.string(),
  hint: z.string(),
  file: z.string().optional(),
  line: z.number().int().optional(),
  detail: z.string().optional(),
});
export type RunError = z.infer<typeof runErrorSchema>;

/** A `RunError` on its way up the stack. Anything else that is thrown is a bug. */
export class RunFailure extends Error {
  readonly error: RunError;

  constructor(error: RunError) {
    super(error.message);
    this.name = 'RunFailure';
    this.error = error;
  }
}

/** Turns whatever was thrown into a `RunError`; bugs become `internal` with the stack as detail. */
export function describeThrown(thrown: unknown): RunError {
  if (thrown instanceof RunFailure) return thrown.error;
  const systemCode = thrown instanceof Error && 'code' in thrown ? thrown.code : undefined;
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  const detail = thrown instanceof Error ? thrown.stack : undefined;
  if (systemCode === 'ENOSPC') return withDetail(diskFull(message), detail);
  if (systemCode === 'ERR_WORKER_OUT_OF_MEMORY' || /out of memory|allocation failed/i.test(message)) {
    return withDetail(outOfMemory(message), detail);
  }
  return withDetail(
    { code: 'internal', message, hint: 'This is a bug in Temper. Please report it with log.txt from the run folder.' },
    detail,
  );
}

/** 0 done, 1 the thing asked about failed, 2 wrong usage or bad config. */
export function exitCodeOf(error: RunError): 1 | 2 {
  return error.code === 'bad-usage' || error.code === 'bad-config' ? 2 : 1;
}

function diskFull(found: string): RunError {
  return {
    code: 'disk-full',
    message: `The disk is full (${found}).`,
    hint: 'Free some space, or keep fewer checkpoints with "checkpoints.keepLast". Everything up to the last complete checkpoint is kept.',
  };
}

function outOfMemory(found: string): RunError {
  return {
    code: 'out-of-memory',
    message: `There was not enough memory (${found}).`,
    hint: 'Halve "training.batchSize" and double "training.gradientAccumulationSteps", or lower "training.maxLength".',
  };
}

function withDetail(error: RunError, detail: string | undefined): RunError {
  return detail === undefined ? error : { ...error, detail };
}
