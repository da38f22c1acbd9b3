/**
 * What decides how bottleneck adapters compute, under the adapters library's names: from a preset of the config, or from an
 * adapter_config.json of the library. https://docs.adapterhub.ml
 */
import { z } from 'zod';
import { bottleneckNonLinearities, type BottleneckConfig } from '../../protocol';
import type { Activation } from '../ops/activate';

const reductionFactorSchema = z.union([z.number().positive(), z.record(z.string(), z.number().positive())]);
const off = z.union([z.literal(false), z.null()]);

/** The library's `config`. What is listed as off changes the computation in ways that Temper does not have. */
export const bottleneckSettingsSchema = z.object({
  mh_adapter: z.boolean(),
  output_adapter: z.boolean(),
  reduction_factor: reductionFactorSchema,
  non_linearity: z.enum([...bottleneckNonLinearities, 'silu', 'gelu_pytorch_tanh']),
  original_ln_before: z.boolean().default(false),
  original_ln_after: z.boolean().default(true),
  residual_before_ln: z.union([z.boolean(), z.literal('post_add')]).default(true),
  is_parallel: z.boolean().default(false),
  scaling: z.number().transform(Math.fround).default(1),
  leave_out: z.array(z.number().int()).default([]),
  init_weights: z.enum(['bert', 'mam_adapter']).catch('bert'), // only read when an adapter is made
  ln_before: off.optional(),
  ln_after: off.optional(),
  use_gating: off.optional(),
  cross_adapter: off.optional(),
  inv_adapter: off.optional(),
  phm_layer: off.optional(),
  stochastic_depth: z.literal(0).optional(),
});
export type BottleneckSettings = z.infer<typeof bottleneckSettingsSchema>;

type Preset = Omit<BottleneckSettings, 'leave_out'>;

const presets: Readonly<Record<BottleneckConfig['preset'], Preset>> = {
  /** Pfeiffer et al. 2020, https://arxiv.org/abs/2005.00247 */
  pfeiffer: {
    mh_adapter: false,
    output_adapter: true,
    reduction_factor: 16,
    non_linearity: 'relu',
    original_ln_before: true,
    original_ln_after: true,
    residual_before_ln: true,
    is_parallel: false,
    scaling: 1,
    init_weights: 'bert',
  },
  /** Houlsby et al. 2019, https://arxiv.org/abs/1902.00751 */
  houlsby: {
    mh_adapter: true,
    output_adapter: true,
    reduction_factor: 16,
    non_linearity: 'swish',
    original_ln_before: false,
    original_ln_after: true,
    residual_before_ln: true,
    is_parallel: false,
    scaling: 1,
    init_weights: 'bert',
  },
  /** He et al. 2021, https://arxiv.org/abs/2110.04366. Starts at zero: the model starts unchanged. */
  parallel: {
    mh_adapter: false,
    output_adapter: true,
    reduction_factor: 2,
    non_linearity: 'relu',
    original_ln_before: false,
    original_ln_after: true,
    residual_before_ln: true,
    is_parallel: true,
    scaling: 4,
    init_weights: 'mam_adapter',
  },
};

export function settingsOf({ preset, reductionFactor, nonLinearity, leaveOut }: BottleneckConfig): BottleneckSettings {
  const usual = presets[preset];
  return {
    ...usual,
    reduction_factor: reductionFactor ?? usual.reduction_factor,
    non_linearity: nonLinearity ?? usual.non_linearity,
    leave_out: leaveOut,
  };
}

/** The width in the middle: hidden size / reduction factor, rounded down, at least 1. */
export function bottleneckWidth({ reduction_factor: factor }: BottleneckSettings, hidden: number, layer: number): number {
  const of = typeof factor === 'number' ? factor : (factor[String(layer)] ?? factor['default']);
  if (of === undefined) throw new Error(`"reduction_factor" has neither "${layer}" nor "default"`);
  return Math.max(1, Math.floor(hidden / of));
}

export function activationOf({ non_linearity: name }: BottleneckSettings): Activation {
  return name === 'swish' ? 'silu' : name;
}

/** The `config` of adapter_config.json, complete: the library fills in nothing. */
export function libraryConfig(settings: BottleneckSettings): Record<string, unknown> {
  return { ...unusedSettings, ...settings, scaling: asPythonFloat(settings.scaling) };
}

/** The library wants 1.0 and refuses 1, which is how JavaScript writes it: the next number is the same in float32. */
function asPythonFloat(value: number): number {
  return Number.isInteger(value) ? value * (1 + Number.EPSILON) : value;
}

/** The library's defaults for what Temper does not have. */
const unusedSettings = {
  adapter_residual_before_ln: false,
  cross_adapter: false,
  dropout: 0,
  factorized_phm_W: true,
  factorized_phm_rule: false,
  hypercomplex_nonlinearity: 'glorot-uniform',
  init_weights_seed: null,
  inv_adapter: null,
  inv_adapter_reduction_factor: null,
  learn_phm: true,
  ln_after: false,
  ln_before: false,
  phm_bias: true,
  phm_c_init: 'normal',
  phm_dim: 4,
  phm_init_range: 0.0001,
  phm_layer: false,
  phm_rank: 1,
  shared_W_phm: false,
  shared_phm_rule: true,
  stochastic_depth: 0,
  use_gating: false,
};
