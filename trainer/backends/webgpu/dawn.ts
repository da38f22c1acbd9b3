/**
 * The part of the npm package `webgpu` that Temper uses: Dawn, the WebGPU of Chrome, with drivers for Vulkan, Metal and
 * Direct3D 12. It is native code that only some machines have, so it is found at run time and checked before it is believed.
 */
import { pathToFileURL } from 'node:url';
import { findPackage } from '../../acceleration/places';

export interface AdapterInfo {
  readonly vendor: string;
  readonly architecture: string;
  readonly device: string;
  readonly description: string;
  readonly isFallbackAdapter: boolean;
}

/** A GPU that Dawn found. */
export interface Adapter {
  readonly info: AdapterInfo;
  readonly limits: Readonly<Record<string, number>>;
  requestDevice(descriptor: { requiredLimits: Record<string, number> }): Promise<Device>;
}

/** A connection to a GPU. What TensorFlow.js does with it is between the two. */
export interface Device {
  addEventListener(kind: 'uncapturederror', listener: (event: ErrorEvent) => void): void;
}

export interface ErrorEvent {
  readonly error: GpuError;
  preventDefault(): void;
}

/** Its class is the kind of fault: `GPUValidationError`, `GPUOutOfMemoryError` or `GPUInternalError`. */
export interface GpuError {
  readonly message: string;
}

/** Its adapters and devices do not keep it from being collected. */
export interface Gpu {
  requestAdapter(options: { powerPreference: 'high-performance' }): Promise<Adapter | null>;
}

export interface Dawn {
  create(options: readonly string[]): Gpu;
  /** The classes and constants that a browser has globally. */
  readonly globals: Readonly<Record<string, unknown>>;
}

/** Loads the package from the first place that has it. @throws Error saying where it was looked for, or why it does not load */
export async function loadDawn(places: readonly string[]): Promise<Dawn> {
  const found = findPackage('webgpu', places);
  if (found === undefined) throw new Error(`the npm package webgpu is not installed in ${places.join(' or ')}`);
  const loaded: unknown = await import(pathToFileURL(found).href);
  if (!isDawn(loaded)) throw new Error(`${found} is not the npm package webgpu: it has no create() and no globals`);
  return loaded;
}

function isDawn(loaded: unknown): loaded is Dawn {
  if (typeof loaded !== 'object' || loaded === null || !('create' in loaded) || !('globals' in loaded)) return false;
  return typeof loaded.create === 'function' && typeof loaded.globals === 'object';
}
