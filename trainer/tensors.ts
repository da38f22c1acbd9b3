/**
 * TensorFlow.js as Temper uses it, and the only file that names its packages (but for the webgpu backend, which has a bundle
 * of its own): the functional core, every gradient, and the cpu backend (also the base class of ours). Import it as
 * `import * as tf from '../tensors'`.
 */
import '@tensorflow/tfjs-backend-cpu';
import { enableProdMode } from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-core/dist/register_all_gradients';

export * from '@tensorflow/tfjs-core';
export { MathBackendCPU } from '@tensorflow/tfjs-backend-cpu';

// TensorFlow.js otherwise prints its advice to install another backend.
enableProdMode();
