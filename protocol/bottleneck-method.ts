/** The settings of bottleneck adapters, under the adapters library's names. */
import { z } from 'zod';

/** What the library calls `seq_bn`, `double_seq_bn` and `par_bn`. */
export const bottleneckPresets = ['pfeiffer', 'houlsby', 'parallel'] as const;
export const bottleneckNonLinearities = ['relu', 'swish', 'gelu', 'gelu_new', 'tanh'] as const;

export const bottleneckMethodSchema = z.strictObject({
  type: z.literal('bottleneck-adapter').describe('Small trained networks between the frozen layers, and the head.'),
  preset: z
    .enum(bottleneckPresets)
    .default('pfeiffer')
    .describe(
      'Where they sit: behind each feed-forward layer (pfeiffer), behind attention too (houlsby), or beside each feed-forward layer (parallel).',
    ),
  reductionFactor: z
    .number()
    .positive()
    .optional()
    .describe('The hidden size divided by the width in the middle. 16 when absent, for parallel 2.'),
  nonLinearity: z
    .enum(bottleneckNonLinearities)
    .optional()
    .describe('The function in the middle. relu when absent, for houlsby swish.'),
  leaveOut: z.array(z.number().int().min(0)).default([]).describe('Numbers of the layers that get none, from 0.'),
  name: z
    .string()
    .regex(/^[^\s./\\]+$/, 'letters, digits, - and _')
    .default('temper')
    .describe("The adapter's name, a part of every tensor's name."),
});

export type BottleneckConfig = z.infer<typeof bottleneckMethodSchema>;
