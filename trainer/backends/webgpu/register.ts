/** Makes the webgpu backend known to TensorFlow.js, with the kernels of ours that it has. */
import { createRequire } from 'node:module';
import { assetPath } from '../../../inputs/assets';
import { FUSED_KERNELS, type FusedKernel } from '../../ops/fused';
import * as tf from '../../tensors';
import type * as backendModule from './backend';
import type { AdapterInfo, Device } from './dawn';
import { activateGradKernel, activateKernel } from './fused/activation';
import { adamWKernel } from './fused/adamw';
import { dropoutKernel } from './fused/dropout';
import { layerNormGammaGradKernel, layerNormGradKernel, layerNormKernel } from './fused/layer-norm';
import { ShaderCall } from './shader';

type BackendModule = typeof backendModule;

/** Every other op runs its composite, out of TensorFlow.js's own kernels. */
const fused: Partial<Record<FusedKernel, (call: ShaderCall) => tf.TensorInfo | tf.TensorInfo[]>> = {
  [FUSED_KERNELS.activate]: activateKernel,
  [FUSED_KERNELS.activateGrad]: activateGradKernel,
  [FUSED_KERNELS.layerNorm]: layerNormKernel,
  [FUSED_KERNELS.addLayerNorm]: layerNormKernel,
  [FUSED_KERNELS.layerNormGrad]: layerNormGradKernel,
  [FUSED_KERNELS.layerNormGammaGrad]: layerNormGammaGradKernel,
  [FUSED_KERNELS.dropout]: dropoutKernel,
  [FUSED_KERNELS.adamW]: adamWKernel,
};

/** Registers the backend; `tf.setBackend('webgpu')` then makes it current. A former one ends, and its tensors with it. */
export function registerWebGpuBackend(device: Device, info: AdapterInfo): void {
  const backend = loadBackendModule().createBackend(device, info);
  if ('webgpu' in tf.engine().registryFactory) tf.removeBackend('webgpu');
  tf.registerBackend('webgpu', () => backend);
}

let loaded: BackendModule | undefined;

/** Loads the bundle, not before it is needed as it is large, and registers its kernels and ours, once. */
function loadBackendModule(): BackendModule {
  if (loaded !== undefined) return loaded;
  const load = createRequire(__filename)(assetPath('webgpu-backend.cjs')) as (tensors: typeof tf) => BackendModule; // scripts/build.mjs makes it so
  loaded = load(tf);
  for (const [kernelName, kernel] of Object.entries(fused))
    tf.registerKernel({ kernelName, backendName: 'webgpu', kernelFunc: (params) => kernel(new ShaderCall(params)) });
  return loaded;
}
