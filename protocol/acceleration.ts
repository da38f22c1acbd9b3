/** What `temper doctor` and `temper accelerate` say about acceleration, a JSON line each. The editor reads these lines. */
import { z } from 'zod';

/** What can be installed on request; each is named like the backend that it brings. */
export const accelerators = ['tensorflow-gpu', 'tensorflow', 'webgpu'] as const;
export type Accelerator = (typeof accelerators)[number];

export function isAccelerator(name: string): name is Accelerator {
  return accelerators.some((known) => known === name);
}

/** One fact about the machine, in words, and what to do about it where something can be done. */
export const findingSchema = z.object({
  kind: z.literal('finding'),
  subject: z.enum(['system', 'node', 'gpu', 'driver', 'cuda', 'vulkan', 'npm', 'disk']),
  state: z.enum(['found', 'missing', 'unsuitable', 'unknown']),
  message: z.string(),
  remedy: z.string().optional(),
});
export type Finding = z.infer<typeof findingSchema>;

/** `usable` here and now; `broken`: installed, but it does not start; `installable` on request; `impossible` on this machine as it is. */
export const acceleratorReportSchema = z.object({
  kind: z.literal('accelerator'),
  name: z.enum(accelerators),
  state: z.enum(['usable', 'broken', 'installable', 'impossible']),
  /** Whether Temper's own storage holds it: then it can be removed. */
  isInstalled: z.boolean(),
  message: z.string(),
  remedy: z.string().optional(),
  /** Where an installation downloads from, in words. */
  source: z.string(),
  /** About what an installation takes on disk. */
  diskBytes: z.number().int().positive(),
});
export type AcceleratorReport = z.infer<typeof acceleratorReportSchema>;

/** While `temper accelerate` works: `bytes` on disk so far, `message` what npm said last. */
export const installProgressSchema = z.object({
  kind: z.literal('progress'),
  phase: z.enum(['download', 'build', 'self-test']),
  bytes: z.number().int().nonnegative(),
  message: z.string(),
});
export type InstallProgress = z.infer<typeof installProgressSchema>;
