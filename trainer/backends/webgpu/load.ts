/** The `webgpu` rung: a GPU of any make through Dawn, when the user has the npm package `webgpu`. */
import * as tf from '../../tensors';
import { describeAdapter, isSoftware } from './adapter';
import { loadDawn, type Adapter, type Gpu } from './dawn';
import { registerWebGpuBackend } from './register';

export interface WebGpuRequest {
  /** The folders in which the package may be installed, in order. */
  readonly places: readonly string[];
  /** Whether an adapter will do that computes on the processor. It is slow: only for whoever asks for this rung by name. */
  readonly acceptSoftware: boolean;
}

/** What large tensors and products need beyond what WebGPU grants everywhere. */
const wantedLimits = [
  'maxBufferSize',
  'maxComputeInvocationsPerWorkgroup',
  'maxComputeWorkgroupSizeX',
  'maxComputeWorkgroupStorageSize',
  'maxComputeWorkgroupsPerDimension',
  'maxStorageBufferBindingSize',
  'maxStorageBuffersPerShaderStage',
];

/** Never let go: Dawn crashes the process when a device outlives the object that it came from. */
const kept: Gpu[] = [];

/**
 * Makes the backend current and returns the adapter in words. Tensors on it can be read by `await data()` only.
 * @throws Error saying what is missing: the package, a driver, a GPU
 */
export async function loadWebGpu({ places, acceptSoftware }: WebGpuRequest): Promise<string> {
  const dawn = await loadDawn(places);
  const gpu = dawn.create([]);
  kept.push(gpu);
  const adapter = await gpu.requestAdapter({ powerPreference: 'high-performance' });
  if (adapter === null) throw new Error('Dawn found no driver for Vulkan, Metal or Direct3D 12 that it can use');
  const name = describeAdapter(adapter.info);
  if (isSoftware(adapter.info) && !acceptSoftware)
    throw new Error(`${name} is no GPU but computes on the processor, slower than wasm`);
  Object.assign(globalThis, dawn.globals);
  const device = await adapter.requestDevice({ requiredLimits: grantedLimits(adapter) });
  registerWebGpuBackend(device, adapter.info);
  if (!(await tf.setBackend('webgpu'))) throw new Error(`${name} was found, but its backend did not start`);
  return name;
}

/** All that the adapter has of each. */
function grantedLimits({ limits }: Adapter): Record<string, number> {
  return Object.fromEntries(
    wantedLimits.flatMap((name) => {
      const limit = limits[name];
      return limit === undefined ? [] : [[name, limit] as const];
    }),
  );
}
