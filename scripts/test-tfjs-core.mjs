// npm run test:tfjs-core: TensorFlow.js's own tests (4,232 specs in its npm package) on its `cpu` backend and on our `wasm` one. Fails
// when a spec that passes on cpu does not pass on wasm, or is not run there. Specs that are defined for the cpu backend only do not count.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import * as esbuild from 'esbuild';
import { build, nodeBundle, root } from './build.mjs';

const work = join(root, 'out', 'tfjs-core');
const bundle = join(work, 'suite.cjs');
const forCpuOnly = 'Switching cpu backends'; // defined where the backend's name is cpu, two specs
const fewestSpecs = 4000; // fewer than this were not all of them

await build();
await esbuild.build({
  ...nodeBundle,
  entryPoints: ['scripts/test-tfjs-core.suite.mjs'],
  outfile: bundle,
  external: [...nodeBundle.external, 'jasmine-core', 'jasmine-core/*'],
  ignoreAnnotations: true, // the package says that its tests have no side effects
});
const cpu = await runSuite('cpu');
const wasm = await runSuite('wasm');

console.log('| backend | specs | passed | failed | pending | seconds |\n|---|---|---|---|---|---|');
for (const { backend, specs, seconds } of [cpu, wasm]) {
  const count = (/** @type {string} */ status) => [...specs.values()].filter((spec) => spec.status === status).length;
  console.log(
    `| ${backend} | ${specs.size} | ${count('passed')} | ${count('failed')} | ${count('pending')} | ${seconds.toFixed(0)} |`,
  );
}
report('Fail on both', (name) => cpu.specs.get(name)?.status === 'failed');
const broken = report('Pass on cpu and not on wasm', (name) => cpu.specs.get(name)?.status === 'passed');
const tooFew = Math.min(cpu.specs.size, wasm.specs.size) < fewestSpecs;
if (tooFew) console.error(`\nFewer than ${fewestSpecs} specs were run: the suite did not load as a whole.`);
process.exit(broken > 0 || tooFew ? 1 : 0);

/**
 * @typedef {{ status: string, message: string }} Spec
 * @param {'cpu' | 'wasm'} backend
 * @returns {Promise<{ backend: string, specs: Map<string, Spec>, seconds: number }>}
 */
async function runSuite(backend) {
  const file = join(work, `${backend}.json`);
  rmSync(file, { force: true });
  const startMs = performance.now();
  const env = { ...process.env, TEMPER_TESTED_BACKEND: backend, TEMPER_TEST_REPORT: file };
  const child = spawn(process.execPath, [bundle], { cwd: root, env, stdio: ['ignore', 'ignore', 'inherit'] }); // the tests print a lot
  const [code, signal] = await once(child, 'exit');
  if (!existsSync(file)) throw new Error(`The suite on ${backend} ended without a report (exit code ${code}, signal ${signal}).`);
  return { backend, specs: readSpecs(file), seconds: (performance.now() - startMs) / 1000 };
}

/**
 * By name; several specs of one name are numbered.
 * @param {string} file
 */
function readSpecs(file) {
  /** @type {Map<string, Spec>} */
  const specs = new Map();
  /** @type {[string, string, string][]} */
  const found = JSON.parse(readFileSync(file, 'utf8'));
  for (const [name, status, message] of found) {
    let unique = name;
    for (let number = 2; specs.has(unique); number++) unique = `${name} (${number})`;
    specs.set(unique, { status, message });
  }
  return specs;
}

/**
 * Prints the specs that do not pass on wasm and are `wanted`, and returns how many.
 * @param {string} title
 * @param {(name: string) => boolean} wanted
 */
function report(title, wanted) {
  const names = new Set([...cpu.specs.keys(), ...wasm.specs.keys()]);
  const found = [...names].filter(
    (name) => !name.startsWith(forCpuOnly) && wasm.specs.get(name)?.status !== 'passed' && wanted(name),
  );
  if (found.length > 0) console.log(`\n${title}: ${found.length}`);
  for (const name of found) console.log(`- ${name}: ${firstLine(wasm.specs.get(name)?.message ?? 'was not run')}`);
  return found.length;
}

/** @param {string} text */
function firstLine(text) {
  return text.split('\n', 1)[0]?.slice(0, 200) ?? '';
}
