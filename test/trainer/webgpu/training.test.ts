/** Training on webgpu against training on cpu, with the trainer's own code, where there is Dawn and a Vulkan driver. */
import assert from 'node:assert/strict';
import { readFileSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { spawn } from 'node:child_process';
import { packageRoot } from '../../../inputs/assets';
import { collect, writeTinyProject } from '../../cli/tiny-project';
import { temporaryFolder } from '../tiny-training';
import { composites } from './composites';
import type { Computed, MethodName } from './compute';
import type { Compared } from './ops';
import { environment, runScript, webGpuDir, whatIsMissing } from './dawn-here';

const missing = whatIsMissing();
const describeWhereDawnIs = missing === '' ? describe : describe.skip;

const kernels = [
  ...['gelu', 'gelu_new', 'quick_gelu', 'relu', 'silu', 'tanh', 'dropout'],
  ...['layer norm', 'layer norm with a residual', 'three AdamW steps'],
];

describeWhereDawnIs(`webgpu${missing && ` (skipped: ${missing})`}`, function () {
  this.timeout(900_000); // a software driver compiles some sixty shaders first
  const folder = temporaryFolder('webgpu');
  let computed: Computed;
  let compared: Compared[];

  before(async () => {
    const output = join(folder.path, 'computed.json');
    await runScript('compute', [webGpuDir, output]);
    computed = JSON.parse(readFileSync(output, 'utf8')) as Computed; // written by the script beside this
    await runScript('ops', [webGpuDir, output]);
    compared = JSON.parse(readFileSync(output, 'utf8')) as Compared[]; // likewise
  });
  after(() => {
    folder.remove();
  });

  for (const method of ['lora', 'full'] as const) {
    it(`gives the logits of cpu (${method})`, () => {
      const { cpu, webgpu } = computed.runs[method];
      assert.equal(cpu.logits.length, 8 * 3);
      assertLike(webgpu.logits, cpu.logits, 'logits');
    });

    it(`gives the loss and the gradients of cpu (${method})`, () => {
      const { cpu, webgpu } = computed.runs[method];
      assertLike([webgpu.firstLoss], [cpu.firstLoss], 'loss');
      assertAllLike(webgpu.gradients, cpu.gradients, sizes[method]);
    });

    it(`has learnt what cpu has after 20 steps with dropout (${method})`, () => {
      const { cpu, webgpu } = computed.runs[method];
      assert.equal(cpu.losses.length, 20);
      assert.ok((cpu.losses.at(-1) ?? NaN) < 0.9 * (cpu.losses[0] ?? NaN), `cpu learns: ${cpu.losses.join(' ')}`);
      assertLike(webgpu.losses, cpu.losses, 'losses');
      assertLike(webgpu.gradNorms, cpu.gradNorms, 'gradient norms');
      assertAllLike(webgpu.parameters, cpu.parameters, sizes[method]);
    });

    it(`holds as many tensors after twenty steps as after one, and none after the run (${method})`, () => {
      const { webgpu } = computed.runs[method];
      assert.equal(new Set(webgpu.tensorCounts).size, 1, webgpu.tensorCounts.join(' '));
      assert.equal(webgpu.tensorsLeft, 0);
    });
  }

  for (const kernel of kernels) {
    it(`computes ${kernel} as its composite on cpu does`, () => {
      const cases = compared.filter(({ what }) => what.startsWith(`${kernel} of [`));
      assert.equal(cases.length, 4);
      for (const comparison of cases) assertCompared(comparison);
    });
  }

  for (const { what } of composites) {
    it(`computes and differentiates what has no kernel of ours: ${what}`, () => {
      assertCompared(compared.find((comparison) => comparison.what === what) ?? assert.fail('it was not computed'));
    });
  }

  it('refuses a read that cannot wait', () => {
    assert.equal(computed.blockingRead, 'A tensor on the GPU can be read by `await data()` only.');
  });

  it('says at the next read what the GPU refused', () => {
    assert.match(computed.readAfterFault, /^The GPU refused an operation: Buffer size \(17179869184\) exceeds/);
  });

  it('is not taken by auto when its adapter is software, and the reason names the adapter', () => {
    const { usable, reason } = computed.report ?? assert.fail('auto did not try webgpu');
    if (usable) assert.doesNotMatch(reason, /llvmpipe|swiftshader|software/i);
    else assert.match(reason, /\(.+\) is no GPU but computes on the processor, slower than wasm$/);
  });

  it('trains a project from the command line, prints nothing but JSON and ends', async () => {
    const project = writeTinyProject(join(folder.path, 'project'), { backend: 'webgpu' });
    symlinkSync(join(webGpuDir, 'node_modules'), join(project, 'node_modules'), 'junction');
    const temper = join(packageRoot(), 'bin', 'temper.cjs');
    const child = spawn(process.execPath, [temper, 'train', '--json'], {
      cwd: project,
      env: environment,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const { code, lines, stdout, stderr } = await collect(child);
    assert.equal(code, 0, stdout + stderr);
    assert.equal(lines.find(({ kind }) => kind === 'hello')?.['backend'], 'webgpu');
    assert.equal(lines.findLast(({ kind }) => kind === 'ended')?.['state'], 'completed');
    assert.deepEqual(
      stdout.split('\n').filter((line) => line !== '' && !line.startsWith('{')),
      [],
    );
  });
});

/** Trained tensors: two of LoRA for query and value of two layers, and the head; or all of the tiny model and the head. */
const sizes: Record<MethodName, number> = { lora: 2 * 2 * 2 + 2, full: 41 };

/** To a part of the largest value. */
function assertLike(actual: readonly number[], expected: readonly number[], what: string, part = 1e-4): void {
  const tolerance = part * Math.max(...expected.map(Math.abs), part);
  assert.equal(actual.length, expected.length, what);
  expected.forEach((value, index) => {
    const difference = Math.abs((actual[index] ?? NaN) - value);
    assert.ok(difference <= tolerance, `${what}[${index}] is ${actual[index]} on webgpu and ${value} on cpu`);
  });
}

function assertCompared({ what, cpu, webgpu }: Compared): void {
  assert.ok(cpu.length > 1, what);
  assert.equal(webgpu.length, cpu.length, what);
  cpu.forEach((values, index) => assertLike(webgpu[index] ?? [], values, `${what}, result ${index}`, 1e-5));
}

function assertAllLike(
  actual: Record<string, readonly number[]>,
  expected: Record<string, readonly number[]>,
  count: number,
): void {
  assert.equal(Object.keys(expected).length, count);
  for (const [name, values] of Object.entries(expected)) {
    if (name.endsWith('key.bias')) continue; // its gradient is nothing but rounding, which AdamW blows up to full steps
    assertLike(actual[name] ?? [], values, name);
  }
}
