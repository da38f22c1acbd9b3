/** The kernels of trainer/ops/adamw.ts and trainer/ops/sum-of-squares.ts. */
import type * as tf from '../../../tensors';
import { runEager, type Eager } from '../eager';
import type { NativeCall } from '../kernel-call';
import type { Handle, NativeBackend } from '../native';

/** TensorFlow updates resource variables only. The values of one parameter after the other pass through these three. */
const VARIABLES = ['temper-parameter', 'temper-first-moment', 'temper-second-moment'] as const;
const variablesOf = new WeakMap<NativeBackend, readonly Handle[]>();

/**
 * Writes in place and returns nothing. ResourceApplyAdam has no decay and puts ε elsewhere: √v + ε' with
 * ε' = ε √(1 - β₂ᵗ), and the rest of the bias correction is in its learning rate.
 */
export function adamWKernel(call: NativeCall): tf.Tensor[] {
  const { native } = call;
  const tensors = ['parameter', 'firstMoment', 'secondMoment'].map((name) => call.input(name));
  const variables = variablesOf.get(native) ?? createVariables(native);
  variablesOf.set(native, variables);
  runEager(native, (eager) => {
    const shrink = 1 - call.number('learningRate') * call.number('weightDecay');
    tensors.forEach((tensor, index) => {
      moveIn(native, eager, { tensor, variable: variables[index] ?? 0, factor: index === 0 ? shrink : 1 });
    });
    applyAdam(call, eager, variables);
    tensors.forEach((tensor, index) => {
      moveOut(native, eager, tensor, variables[index] ?? 0);
    });
  });
  return [];
}

/** L2Loss is Σ x² / 2. */
export function sumOfSquaresKernel(call: NativeCall): tf.Tensor {
  return call.eager((eager) => eager.op('Mul', [eager.op('L2Loss', [call.handle('x')]).id, eager.scalar(2)]));
}

function createVariables(native: NativeBackend): Handle[] {
  return runEager(native, (eager) =>
    VARIABLES.map((name) => {
      const attributes = [eager.type('dtype'), eager.shape('shape', []), eager.text('shared_name', name)];
      return eager.keep(eager.op('VarHandleOp', [], attributes)).id;
    }),
  );
}

interface Move {
  readonly tensor: tf.TensorInfo;
  readonly variable: Handle;
  /** Multiplies the values. */
  readonly factor: number;
}

/**
 * The variable takes the tensor's values, and the tensor is without until `moveOut`. Where somebody else holds them as
 * well, or they lie in an array of JavaScript's, TensorFlow makes a copy before it writes.
 */
function moveIn(native: NativeBackend, eager: Eager, { tensor, variable, factor }: Move): void {
  const [handle = 0] = native.getInputTensorIds([tensor]);
  const values = factor === 1 ? handle : eager.op('Mul', [handle, eager.scalar(factor)]).id;
  eager.ops('AssignVariableOp', [variable, values], [eager.type('dtype')], 0);
  eager.free(values);
  native.binding.deleteTensor(handle);
}

function applyAdam(call: NativeCall, eager: Eager, variables: readonly Handle[]): void {
  const step = call.number('step');
  const [beta1, beta2] = [call.number('beta1'), call.number('beta2')];
  const secondScale = Math.sqrt(1 - beta2 ** step);
  const learningRate = (call.number('learningRate') * secondScale) / (1 - beta1 ** step);
  const gradientScale = call.number('gradientScale');
  const gradient = call.handle('gradient');
  const scaled = gradientScale === 1 ? gradient : eager.op('Mul', [gradient, eager.scalar(gradientScale)]).id;
  const none = eager.scalar(0); // as powers of beta: no correction of its own, which would be rounded to float32
  const numbers = [learningRate, beta1, beta2, call.number('epsilon') * secondScale].map((value) => eager.scalar(value));
  const attributes = [eager.type('T'), eager.flag('use_locking', false), eager.flag('use_nesterov', false)];
  eager.ops('ResourceApplyAdam', [...variables, none, none, ...numbers, scaled], attributes, 0);
}

/** The tensor takes the variable's values. */
function moveOut(native: NativeBackend, eager: Eager, tensor: tf.TensorInfo, variable: Handle): void {
  const { id } = eager.keep(eager.op('ReadVariableOp', [variable], [eager.type('dtype')]));
  native.tensorMap.get(tensor.dataId).id = id;
}
