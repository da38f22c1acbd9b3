/** What a controller (editor or command line) asks of a running trainer: one request a line in control.ndjson. */
import { z } from 'zod';

export const controlRequestSchema = z.discriminatedUnion('kind', [
  /** Finish the step, save a checkpoint, end. */
  z.object({ kind: z.literal('stop') }),
  /** Hold after the step until `continue`. */
  z.object({ kind: z.literal('pause') }),
  z.object({ kind: z.literal('continue') }),
  /** Measure on the validation rows after the step. */
  z.object({ kind: z.literal('evaluate-now') }),
]);
export type ControlRequest = z.infer<typeof controlRequestSchema>;

export function parseControlRequest(input: unknown): ControlRequest | undefined {
  const parsed = controlRequestSchema.safeParse(input);
  return parsed.success ? parsed.data : undefined;
}
