/** What an adapter is, in words, and whether there is a GPU behind it. Pure functions of what the driver says of itself. */
import type { AdapterInfo } from './dawn';

/** Vulkan and Direct3D on the processor: Mesa's llvmpipe, Google's SwiftShader, Windows' Basic Render Driver. */
const softwareNames = /llvmpipe|lavapipe|swiftshader|\bsoftware\b|basic render|\bwarp\b/i;

/** Whether it computes on the processor. Every backend of ours for the processor is faster than that. */
export function isSoftware(info: AdapterInfo): boolean {
  const { vendor, architecture, device, description } = info;
  return info.isFallbackAdapter || softwareNames.test([vendor, architecture, device, description].join(' '));
}

/** As `nvidia ampere (NVIDIA GeForce RTX 3060)`. */
export function describeAdapter({ vendor, architecture, device, description }: AdapterInfo): string {
  const family = [vendor, architecture].filter((part) => part !== '').join(' ');
  const name = description || device;
  if (name === '') return family || 'a GPU without a name';
  return family === '' ? name : `${family} (${name})`;
}
