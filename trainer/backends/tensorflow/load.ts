/** The native rungs: TensorFlow through @tensorflow/tfjs-node or @tensorflow/tfjs-node-gpu, when the user has one. */
import { createRequire } from 'node:module';
import { accelerationPlaces, findPackage } from '../../acceleration/places';
import * as tf from '../../tensors';
import { registerTensorFlowKernels } from './register';

type TensorFlowPackage = '@tensorflow/tfjs-node' | '@tensorflow/tfjs-node-gpu';

/**
 * Loads the package from the user's project, from Temper's storage or from beside Temper, and makes its backend current.
 * It registers itself with the TensorFlow.js that is already there (engine and kernels are global).
 * @throws Error saying where it was looked for, or why it does not load
 */
export async function loadTensorFlow(name: TensorFlowPackage, projectDir: string): Promise<void> {
  const places = accelerationPlaces(projectDir);
  const found = findPackage(name, places);
  if (found === undefined) throw new Error(`${name} is not installed in ${places.join(' or ')}`);
  restoreRemovedUtilities();
  process.env['TF_CPP_MIN_LOG_LEVEL'] ??= '2'; // errors only: it greets, and warns of every program, on stderr
  createRequire(found)(found);
  if (!(await tf.setBackend('tensorflow'))) throw new Error(`${name} loaded, but its backend did not start`);
  if (name === '@tensorflow/tfjs-node')
    registerTensorFlowKernels(); // never tried on a GPU, which runs the composites
  else requireGpu(tf.backend());
}

/** Without a usable GPU tfjs-node-gpu computes on the processor and does not say so. */
function requireGpu(backend: object): void {
  if ('isUsingGpuDevice' in backend && backend.isUsingGpuDevice === true) return;
  throw new Error('TensorFlow with CUDA loaded, but found no GPU that it can use; `temper doctor` says what is missing');
}

/** tfjs-node 4.22 calls two functions that Node removes: without them nearly every operation fails, and before that each warns. */
function restoreRemovedUtilities(): void {
  const removed: Record<string, (value: unknown) => boolean> = {
    isNullOrUndefined: (value) => value === null || value === undefined,
    isArray: (value) => Array.isArray(value),
  };
  const writable = createRequire(__filename)('node:util') as Record<string, unknown>; // the namespace object is read-only, the module is not
  for (const [name, replacement] of Object.entries(removed)) writable[name] = replacement;
}
