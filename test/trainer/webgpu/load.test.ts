/** Finding Dawn and judging its adapter, with packages made up here: nothing of this needs a GPU. */
import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describeAdapter, isSoftware } from '../../../trainer/backends/webgpu/adapter';
import type { AdapterInfo } from '../../../trainer/backends/webgpu/dawn';
import { loadWebGpu } from '../../../trainer/backends/webgpu/load';
import { temporaryFolder } from '../tiny-training';

const folder = temporaryFolder('dawn');
after(() => {
  folder.remove();
});

function adapter(parts: Partial<AdapterInfo>): AdapterInfo {
  return { vendor: '', architecture: '', device: '', description: '', isFallbackAdapter: false, ...parts };
}

/** A folder with a package `webgpu` of this content. */
function place(name: string, lines: string): string {
  const dir = join(folder.path, name);
  const inside = join(dir, 'node_modules', 'webgpu');
  mkdirSync(inside, { recursive: true });
  writeFileSync(join(inside, 'package.json'), JSON.stringify({ name: 'webgpu', type: 'module', main: 'index.js' }));
  writeFileSync(join(inside, 'index.js'), lines);
  return dir;
}

describe('an adapter', () => {
  const cases: [string, Partial<AdapterInfo>, boolean, string][] = [
    [
      'a GeForce',
      { vendor: 'nvidia', architecture: 'ampere', device: 'nvidia-geforce-rtx-3060', description: 'NVIDIA GeForce RTX 3060' },
      false,
      'nvidia ampere (NVIDIA GeForce RTX 3060)',
    ],
    [
      'an M1',
      { vendor: 'apple', architecture: 'metal-3', device: 'apple-m1', description: 'Metal driver on macOS' },
      false,
      'apple metal-3 (Metal driver on macOS)',
    ],
    ['a Radeon without a description', { vendor: 'amd', device: 'radeon' }, false, 'amd (radeon)'],
    ['one that says nothing', {}, false, 'a GPU without a name'],
    [
      'llvmpipe',
      { vendor: 'mesa', architecture: 'software', description: 'llvmpipe: Mesa 25.0.7' },
      true,
      'mesa software (llvmpipe: Mesa 25.0.7)',
    ],
    [
      'SwiftShader',
      { vendor: 'google', architecture: 'swiftshader', description: 'SwiftShader driver 5.0.0' },
      true,
      'google swiftshader (SwiftShader driver 5.0.0)',
    ],
    [
      "Windows' Basic Render Driver",
      { vendor: 'microsoft', description: 'Microsoft Basic Render Driver' },
      true,
      'microsoft (Microsoft Basic Render Driver)',
    ],
    ['a fallback under any name', { vendor: 'acme', isFallbackAdapter: true }, true, 'acme'],
  ];
  for (const [what, parts, software, words] of cases) {
    it(`${what} is ${software ? 'software' : 'a GPU'}, in words ${words}`, () => {
      assert.equal(isSoftware(adapter(parts)), software);
      assert.equal(describeAdapter(adapter(parts)), words);
    });
  }
});

describe('loading webgpu', () => {
  const software = { vendor: 'mesa', architecture: 'software', device: '', description: 'llvmpipe', isFallbackAdapter: true };
  const withAdapter = (found: unknown, device = 'undefined') => `
    const adapter = ${JSON.stringify(found)};
    if (adapter) adapter.requestDevice = () => { throw new Error(${device}) };
    export const globals = {};
    export const create = () => ({ requestAdapter: async () => adapter });`;

  it('names every place in which the package is not', async () => {
    const places = [join(folder.path, 'nowhere'), folder.path];
    await assert.rejects(loadWebGpu({ places, acceptSoftware: true }), {
      message: `the npm package webgpu is not installed in ${places.join(' or ')}`,
    });
  });

  it('refuses a package of that name that is another', async () => {
    const places = [place('another', 'export const answer = 42;')];
    await assert.rejects(loadWebGpu({ places, acceptSoftware: true }), /is not the npm package webgpu: it has no create\(\)/);
  });

  it('says what a package says that does not load', async () => {
    const places = [place('broken', 'throw new Error("dawn.node: GLIBC_2.34 not found");')];
    await assert.rejects(loadWebGpu({ places, acceptSoftware: true }), /GLIBC_2\.34 not found/);
  });

  it('takes the first place that has it, and says when there is no driver', async () => {
    const places = [folder.path, place('no-driver', withAdapter(null)), place('later', 'throw new Error("too far");')];
    await assert.rejects(loadWebGpu({ places, acceptSoftware: true }), /found no driver for Vulkan, Metal or Direct3D 12/);
  });

  it('refuses a software adapter before it starts it, unless that is accepted', async () => {
    const places = [place('software', withAdapter({ info: software, limits: {} }, '"started"'))];
    await assert.rejects(loadWebGpu({ places, acceptSoftware: false }), {
      message: 'mesa software (llvmpipe) is no GPU but computes on the processor, slower than wasm',
    });
    await assert.rejects(loadWebGpu({ places, acceptSoftware: true }), /started/);
  });
});
