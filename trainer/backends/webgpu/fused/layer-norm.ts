/** The kernels of trainer/ops/layer-norm.ts; the same ones with a residual and without. One workgroup computes one row. */
import * as tf from '../../../tensors';
import { runShader, workgroupSize, type ShaderCall } from '../shader';

/** Mean and 1 / √(var + epsilon) of a row. All threads of the workgroup must call it. */
const rowFunctions = `
  var<workgroup> partial : array<f32, ${workgroupSize}>;

  fn sumOverRow(value : f32) -> f32 {
    partial[localIndex] = value;
    workgroupBarrier();
    for (var half = ${workgroupSize / 2}u; half > 0u; half = half / 2u) {
      if (localIndex < half) { partial[localIndex] += partial[localIndex + half]; }
      workgroupBarrier();
    }
    let total = partial[0];
    workgroupBarrier();
    return total;
  }

  struct Moments { mean : f32, scale : f32 };

  fn measureRow(first : i32, hidden : i32) -> Moments {
    var sum = 0.0;
    for (var i = i32(localIndex); i < hidden; i += ${workgroupSize}) { sum += summand(first + i); }
    let mean = sumOverRow(sum) / f32(hidden);
    var squares = 0.0;
    for (var i = i32(localIndex); i < hidden; i += ${workgroupSize}) {
      let centered = summand(first + i) - mean;
      squares += centered * centered;
    }
    return Moments(mean, inverseSqrt(sumOverRow(squares) / f32(hidden) + uniforms.epsilon));
  }`;

const forward = 'result[at] = (summand(at) - moments.mean) * moments.scale * gamma[i] + beta[i];';

const backward = 'result[at] = moments.scale * (dy[at] * gamma[i] - meanGradient - normalized(at, moments) * meanProjection);';

/** mean(dy γ) and mean(dy γ x̂), x̂ the normalised row. */
const gradientMeans = `
    var gradients = 0.0;
    var projections = 0.0;
    for (var i = i32(localIndex); i < hidden; i += ${workgroupSize}) {
      let gradient = dy[first + i] * gamma[i];
      gradients += gradient;
      projections += gradient * normalized(first + i, moments);
    }
    let meanGradient = sumOverRow(gradients) / f32(hidden);
    let meanProjection = sumOverRow(projections) / f32(hidden);`;

export function layerNormKernel(call: ShaderCall): tf.TensorInfo {
  return overRows(call, 'temperLayerNorm', ['x', 'residual', 'gamma', 'beta'], '', forward);
}

export function layerNormGradKernel(call: ShaderCall): tf.TensorInfo {
  return overRows(call, 'temperLayerNormGrad', ['dy', 'x', 'residual', 'gamma'], gradientMeans, backward);
}

/** Σ over rows of dy x̂. */
export function layerNormGammaGradKernel(call: ShaderCall): tf.TensorInfo {
  const write = 'result[at] = dy[at] * normalized(at, moments);';
  const x = overRows(call, 'temperLayerNormGammaGrad', ['dy', 'x', 'residual'], '', write);
  const attrs = { axis: 0, keepDims: false };
  const summed = tf.getKernel('Sum', 'webgpu').kernelFunc({ inputs: { x }, backend: call.backend, attrs });
  call.backend.disposeData(x.dataId);
  return summed as tf.TensorInfo; // Sum has one output
}

/** `prepare` runs once a thread, `write` for each element `at` of the row, in column `i`. */
function overRows(call: ShaderCall, name: string, names: readonly string[], prepare: string, write: string): tf.TensorInfo {
  const inputs = call.some(...names);
  const { shape } = call.input('x');
  const hasResidual = 'residual' in inputs;
  const code = `
  fn summand(at : i32) -> f32 { return x[at]${hasResidual ? ' + residual[at]' : ''}; }
  ${rowFunctions}
  fn normalized(at : i32, moments : Moments) -> f32 { return (summand(at) - moments.mean) * moments.scale; }
  fn main(index : i32) {
    let hidden = uniforms.xShape.y;
    let row = index / ${workgroupSize};
    let first = row * hidden;
    let moments = measureRow(first, hidden);
    ${prepare}
    if (row < uniforms.xShape.x) {
      for (var i = i32(localIndex); i < hidden; i += ${workgroupSize}) {
        let at = first + i;
        ${write}
      }
    }
  }`;
  const [rows = 0] = shape;
  const numbers = { epsilon: call.number('epsilon') };
  return runShader(call.backend, {
    name: hasResidual ? `${name}_residual` : name,
    code,
    inputs,
    shape,
    numbers,
    threads: rows * workgroupSize,
  });
}
