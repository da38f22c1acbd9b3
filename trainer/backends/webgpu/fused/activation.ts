/** The kernels of trainer/ops/activate.ts. */
import type { Activation } from '../../../ops/activate';
import type * as tf from '../../../tensors';
import { runShader, type ShaderCall } from '../shader';

/** What the definitions below call. Their arguments are bounded where exp would overflow. */
const functions = `
  fn sigmoid(v : f32) -> f32 { return 1.0 / (1.0 + exp(-v)); }
  fn boundedTanh(v : f32) -> f32 { return select(tanh(clamp(v, -15.0, 15.0)), v, isnan(v)); }
  // Abramowitz and Stegun 7.1.26, to 1.5e-7
  fn erf(v : f32) -> f32 {
    let t = 1.0 / (1.0 + 0.3275911 * abs(v));
    let series = ((((1.061405429 * t - 1.453152027) * t + 1.421413741) * t - 0.284496736) * t + 0.254829592) * t;
    return sign(v) * (1.0 - series * exp(-v * v));
  }
  fn normalCdf(v : f32) -> f32 { return 0.5 * (1.0 + erf(v * 0.70710678)); }
  fn geluTanh(v : f32) -> f32 { return boundedTanh(0.79788456 * (v + 0.044715 * v * v * v)); }`;

interface Definition {
  /** In WGSL, of v. */
  readonly value: string;
  /** Its derivative. */
  readonly slope: string;
}

const tanhGelu: Definition = {
  value: '0.5 * v * (1.0 + geluTanh(v))',
  slope: '0.5 * (1.0 + geluTanh(v)) + 0.5 * v * (1.0 - geluTanh(v) * geluTanh(v)) * 0.79788456 * (1.0 + 0.134145 * v * v)',
};

const definitions: Record<Activation, Definition> = {
  gelu: { value: 'v * normalCdf(v)', slope: 'normalCdf(v) + v * 0.39894228 * exp(-0.5 * v * v)' },
  gelu_new: tanhGelu,
  gelu_pytorch_tanh: tanhGelu,
  quick_gelu: {
    value: 'v * sigmoid(1.702 * v)',
    slope: 'sigmoid(1.702 * v) * (1.0 + 1.702 * v * (1.0 - sigmoid(1.702 * v)))',
  },
  relu: { value: 'select(v, 0.0, v < 0.0)', slope: 'select(1.0, 0.0, v <= 0.0)' },
  silu: { value: 'v * sigmoid(v)', slope: 'sigmoid(v) * (1.0 + v * (1.0 - sigmoid(v)))' },
  tanh: { value: 'boundedTanh(v)', slope: '1.0 - boundedTanh(v) * boundedTanh(v)' },
};

export function activateKernel(call: ShaderCall): tf.TensorInfo {
  const x = call.input('x');
  const { kind, definition } = readKind(call);
  const code = elementwise(`result[index] = ${definition.value};`);
  return runShader(call.backend, { name: `temperActivate_${kind}`, code, inputs: { x }, shape: x.shape });
}

export function activateGradKernel(call: ShaderCall): tf.TensorInfo {
  const [dy, x] = [call.input('dy'), call.input('x')];
  const { kind, definition } = readKind(call);
  const code = elementwise(`result[index] = dy[index] * (${definition.slope});`);
  return runShader(call.backend, { name: `temperActivateGrad_${kind}`, code, inputs: { dy, x }, shape: x.shape });
}

function elementwise(statement: string): string {
  return `${functions}
  fn main(index : i32) {
    if (index < uniforms.size) {
      let v = x[index];
      ${statement}
    }
  }`;
}

function readKind(call: ShaderCall): { kind: string; definition: Definition } {
  const kind = String(call.attribute('kind'));
  const definition = Object.entries(definitions).find(([known]) => known === kind)?.[1];
  if (definition === undefined) throw new Error(`There is no activation "${kind}".`);
  return { kind, definition };
}
