/** The kernel of trainer/ops/dropout.ts; its own gradient. The same hash as on the processor, so the same mask. */
import { dropThreshold } from '../../../ops/dropout';
import type * as tf from '../../../tensors';
import { runShader, type ShaderCall } from '../shader';

/** `elementHash` of trainer/ops/dropout.ts in WGSL. */
const code = `
  fn mixBits(value : u32) -> u32 {
    var bits = value ^ (value >> 16u);
    bits = bits * 0x7feb352du;
    bits = bits ^ (bits >> 15u);
    bits = bits * 0x846ca68bu;
    return bits ^ (bits >> 16u);
  }
  fn main(index : i32) {
    if (index < uniforms.size) {
      let hash = mixBits(mixBits(u32(index)) ^ uniforms.seed);
      result[index] = select(x[index] * uniforms.scale, 0.0, hash < uniforms.threshold);
    }
  }`;

export function dropoutKernel(call: ShaderCall): tf.TensorInfo {
  const x = call.input('x');
  const rate = call.number('rate');
  return runShader(call.backend, {
    name: 'temperDropout',
    code,
    inputs: { x },
    shape: x.shape,
    integers: { seed: call.number('seed'), threshold: dropThreshold(rate) },
    numbers: { scale: 1 / (1 - rate) },
  });
}
