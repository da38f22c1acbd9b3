/** The kernel of trainer/ops/adamw.ts: a shader for each moment and one for the parameter, each to a new buffer that takes the old one's place. */
import type * as tf from '../../../tensors';
import { runShader, type Shader, type ShaderCall } from '../shader';

const elementwise = (value: string) => `
  fn main(index : i32) {
    if (index < uniforms.size) { result[index] = ${value}; }
  }`;

const firstMomentCode = elementwise('m[index] * uniforms.beta1 + g[index] * uniforms.scale * uniforms.share');
const secondMomentCode = elementwise(
  'v[index] * uniforms.beta2 + g[index] * uniforms.scale * g[index] * uniforms.scale * uniforms.share',
);
const parameterCode = elementwise(
  'p[index] * uniforms.shrink - uniforms.stepSize * m[index] / (sqrt(v[index]) * uniforms.secondScale + uniforms.epsilon)',
);

/** Writes in place and returns nothing. */
export function adamWKernel(call: ShaderCall): tf.TensorInfo[] {
  const [p, g, m, v] = [call.input('parameter'), call.input('gradient'), call.input('firstMoment'), call.input('secondMoment')];
  const [step, beta1, beta2] = [call.number('step'), call.number('beta1'), call.number('beta2')];
  const [learningRate, scale, epsilon] = [call.number('learningRate'), call.number('gradientScale'), call.number('epsilon')];
  const shrink = 1 - learningRate * call.number('weightDecay');
  const stepSize = learningRate / (1 - beta1 ** step);
  const secondScale = 1 / Math.sqrt(1 - beta2 ** step);
  const replace = (old: tf.TensorInfo, shader: Omit<Shader, 'shape'>) => {
    const { dataId } = runShader(call.backend, { ...shader, shape: old.shape });
    call.backend.replaceValues(old.dataId, dataId);
  };
  replace(m, { name: 'temperAdamWFirst', code: firstMomentCode, inputs: { m, g }, numbers: { beta1, scale, share: 1 - beta1 } });
  replace(v, {
    name: 'temperAdamWSecond',
    code: secondMomentCode,
    inputs: { v, g },
    numbers: { beta2, scale, share: 1 - beta2 },
  });
  replace(p, {
    name: 'temperAdamW',
    code: parameterCode,
    inputs: { p, m, v },
    numbers: { shrink, stepSize, secondScale, epsilon },
  });
  return [];
}
