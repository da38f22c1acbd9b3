/**
 * `temper.json`, the run's config: one schema from which types, defaults, help and the editor's JSON schema derive.
 * Names are those of Hugging Face and PEFT in camelCase. A field without a default is chosen from the data and the
 * model when the run starts (see recommended-settings.ts), and the run says why.
 */
import { z } from 'zod';
import { bottleneckMethodSchema } from './bottleneck-method';
import { dataSchema } from './data-config';
import { lintSchema } from './lint-config';
import { prefixTuningMethodSchema, promptTuningMethodSchema } from './virtual-token-methods';

const path = (what: string) => z.string().min(1).describe(what);
const positiveInteger = z.number().int().positive();
const fraction = z.number().min(0).max(1);

export const textClassificationSchema = z.strictObject({
  type: z.literal('text-classification').describe('One label for each text.'),
});
export const instructionTuningSchema = z.strictObject({
  type: z.literal('instruction-tuning').describe('The words of the assistant in conversations.'),
  samples: z.number().int().min(0).max(100).default(3).describe('Validation rows that the model answers at each evaluation.'),
  maxNewTokens: positiveInteger.default(64).describe('Tokens of such an answer at most.'),
});
export const taskSchema = z
  .discriminatedUnion('type', [textClassificationSchema, instructionTuningSchema])
  .describe('What the model learns to do.');

export const fullMethodSchema = z.strictObject({
  type: z.literal('full').describe('Every parameter is trained, or those of the last layers.'),
  lastLayers: positiveInteger
    .optional()
    .describe('Train this many of the last layers and what is on top; the layers below stay as they are. All when absent.'),
});
export const headOnlyMethodSchema = z.strictObject({
  type: z.literal('head-only').describe('Only the classifier on top is trained.'),
});
const moduleNames = z.array(z.string().min(1)).min(1);
const modulePattern = z.union([moduleNames, z.string().min(1)]);
const updateFields = {
  r: positiveInteger.default(8).describe('Rank of the update.'),
  alpha: z.number().positive().default(16).describe('The update is scaled by alpha / r.'),
  dropout: z.number().min(0).lt(1).default(0).describe('Dropout in front of the update.'),
  targetModules: modulePattern
    .optional()
    .describe(
      'Which linear layers and embeddings get an update: last parts of their names, "all-linear", or a regular expression for their whole names. The usual ones of the model when absent.',
    ),
  excludeModules: modulePattern
    .optional()
    .describe('Which of these get none: last parts of their names, or a regular expression.'),
  layersToTransform: z
    .array(z.number().int().min(0))
    .min(1)
    .optional()
    .describe('Numbers of the layers that get an update, from 0. All when absent.'),
  bias: z.enum(['none', 'all', 'lora_only']).default('none').describe('Which biases are trained as well.'),
  modulesToSave: moduleNames
    .optional()
    .describe('Modules that are trained in full and saved, beside those that start fresh with the task.'),
  useRslora: z.boolean().default(false).describe('Scale the update by alpha / √r.'),
  useDora: z.boolean().default(false).describe('Train direction and magnitude of the weights apart (DoRA).'),
  rankPattern: z
    .record(z.string(), positiveInteger)
    .optional()
    .describe('Other ranks for modules whose name ends in, or matches, the key.'),
  alphaPattern: z.record(z.string(), z.number().positive()).optional().describe('The same for alpha.'),
  initialisation: z
    .enum(['kaiming-uniform', 'gaussian'])
    .default('kaiming-uniform')
    .describe('Where the first factor of the update starts; the second starts at zero.'),
} as const;
export const loraMethodSchema = z.strictObject({
  type: z.literal('lora').describe('Small trained updates beside frozen linear layers, and the classifier.'),
  ...updateFields,
});
export const qloraMethodSchema = z.strictObject({
  type: z.literal('qlora').describe('LoRA on linear layers that are kept in 4 bits.'),
  ...updateFields,
});
export const ia3MethodSchema = z.strictObject({
  type: z.literal('ia3').describe('Trained factors for what attention and feed-forward layers give, and the classifier.'),
  targetModules: modulePattern
    .optional()
    .describe('Which linear layers get factors, as for LoRA. The usual ones of the model when absent.'),
  feedforwardModules: modulePattern.optional().describe('Which of these get them on their inputs instead of their outputs.'),
  excludeModules: modulePattern
    .optional()
    .describe('Which of these get none: last parts of their names, or a regular expression.'),
  modulesToSave: moduleNames
    .optional()
    .describe('Modules that are trained in full and saved, beside those that start fresh with the task.'),
});
export const biasOnlyMethodSchema = z.strictObject({
  type: z.literal('bias-only').describe('Only the biases are trained, and the classifier.'),
});
export const methodSchema = z
  .discriminatedUnion('type', [
    fullMethodSchema,
    headOnlyMethodSchema,
    loraMethodSchema,
    qloraMethodSchema,
    ia3MethodSchema,
    biasOnlyMethodSchema,
    prefixTuningMethodSchema,
    promptTuningMethodSchema,
    bottleneckMethodSchema,
  ])
  .describe('Which parameters are trained.');

export const trainingSchema = z
  .strictObject({
    epochs: z
      .number()
      .positive()
      .max(1000)
      .optional()
      .describe('Passes over the training rows. Chosen from the number of rows when absent.'),
    maxSteps: positiveInteger.optional().describe('Stop after this many optimizer steps, whatever the epochs.'),
    batchSize: positiveInteger.max(4096).default(16).describe('Rows per batch.'),
    gradientAccumulationSteps: positiveInteger.default(1).describe('Batches per optimizer step.'),
    learningRate: z
      .number()
      .positive()
      .max(1)
      .optional()
      .describe('Peak learning rate. Chosen from the method and the model size when absent.'),
    lrScheduler: z.enum(['linear', 'cosine', 'constant']).default('linear').describe('How the rate falls after warm-up.'),
    warmupRatio: fraction.default(0.06).describe('The part of all steps over which the rate rises.'),
    weightDecay: z.number().min(0).default(0.01).describe('Decoupled weight decay; never on biases and norms.'),
    maxGradNorm: z.number().positive().default(1).describe('Gradients are scaled down to this global norm.'),
    labelSmoothing: fraction.default(0).describe('The share of each target spread over all classes.'),
    maxLength: positiveInteger.default(128).describe('Longer texts are cut after this many tokens.'),
    keepFrozenStates: z
      .boolean()
      .default(true)
      .describe('Whether what frozen layers give is computed once for each row and kept, in memory or in a file.'),
    seed: z.number().int().min(0).default(42).describe('The same seed gives the same run.'),
  })
  .describe('How it is trained.');

export const evaluationSchema = z
  .strictObject({
    every: positiveInteger
      .optional()
      .describe('Evaluate after this many optimizer steps. Chosen when absent: about twice an epoch.'),
    metric: z
      .enum(['accuracy', 'macroF1', 'loss'])
      .default('accuracy')
      .describe('What decides which checkpoint is best; the loss where a model learns to write and nothing is said.'),
    earlyStoppingPatience: z
      .number()
      .int()
      .min(0)
      .default(4)
      .describe('Stop after this many evaluations without progress; 0 never stops.'),
    batchSize: positiveInteger.max(4096).default(64).describe('Rows per evaluation batch.'),
  })
  .describe('How it is judged while it trains.');

export const checkpointsSchema = z
  .strictObject({
    keepBest: positiveInteger.default(1).describe('How many of the best checkpoints to keep.'),
    keepLast: positiveInteger.default(1).describe('How many of the newest checkpoints to keep.'),
  })
  .describe('Which checkpoints stay on disk.');

export const backendNames = ['tensorflow-gpu', 'webgpu', 'tensorflow', 'wasm', 'cpu'] as const;
export type BackendName = (typeof backendNames)[number];

export const runConfigSchema = z.strictObject({
  $schema: z.string().optional().describe('Where the JSON schema of this file lies.'),
  name: z.string().min(1).optional().describe('What the run is called in lists.'),
  model: path(
    'A model that comes with Temper (tiny-encoder, tiny-decoder) or a Hugging Face model folder relative to temper.json.',
  ).default('tiny-encoder'),
  initialWeights: z
    .enum(['pretrained', 'random'])
    .default('pretrained')
    .describe('random trains the same architecture from scratch: what the pretrained weights are worth is the difference.'),
  task: taskSchema.default({ type: 'text-classification' }),
  data: dataSchema,
  lint: lintSchema.prefault({}),
  method: methodSchema.prefault({ type: 'lora' }),
  training: trainingSchema.prefault({}),
  evaluation: evaluationSchema.prefault({}),
  checkpoints: checkpointsSchema.prefault({}),
  backend: z
    .enum(['auto', ...backendNames])
    .default('auto')
    .describe('What computes. auto takes the fastest that works here.'),
  threads: positiveInteger
    .max(64)
    .optional()
    .describe('Threads of the wasm backend. All cores but none idle when absent, eight at most.'),
});

export type RunConfig = z.infer<typeof runConfigSchema>;
export type MethodConfig = RunConfig['method'];
export type FullConfig = z.infer<typeof fullMethodSchema>;
export type LoraConfig = z.infer<typeof loraMethodSchema>;
export type QloraConfig = z.infer<typeof qloraMethodSchema>;
export type Ia3Config = z.infer<typeof ia3MethodSchema>;
export type InstructionTuningConfig = z.infer<typeof instructionTuningSchema>;
export type TrainingConfig = RunConfig['training'];
export type MetricForBest = RunConfig['evaluation']['metric'];

/**
 * The JSON schema that gives temper.json completion and hovers in the editor. It allows other keys: our own linter finds
 * those, with a better message, and one squiggle is enough.
 */
export function runConfigJsonSchema(): unknown {
  return z.toJSONSchema(runConfigSchema, {
    io: 'input',
    target: 'draft-7',
    override: ({ jsonSchema }) => {
      delete jsonSchema.additionalProperties;
    },
  });
}
