// What TensorFlow.js's own tests find when they load: jasmine's globals, its chained operations and gradients, and the backend named
// by TEMPER_TESTED_BACKEND. The environment has one name for every backend, so that a spec is called the same on each.
import { setTestEnvs } from '@tensorflow/tfjs-core/dist/jasmine_util';
import '@tensorflow/tfjs-core/dist/public/chained_ops/register_all_chained_ops';
import jasmineCore from 'jasmine-core';
import { detectKernelBuild } from '../trainer/backends/wasm/detect-build';
import { registerWasmBackend } from '../trainer/backends/wasm/register';
import { WasmBackend } from '../trainer/backends/wasm/wasm-backend';
import * as tf from '../trainer/tensors';

const threads = 2;

/** The tests end and start their backend about 600 times; its threads and heap stay. */
class EnduringWasmBackend extends WasmBackend {
  dispose() {
    return undefined;
  }
}

const jasmine = jasmineCore.boot();
jasmine.DEFAULT_TIMEOUT_INTERVAL = 60_000;

const backendName = process.env.TEMPER_TESTED_BACKEND;
if (backendName === 'wasm') registerEnduringBackend();
else if (backendName !== 'cpu') throw new Error(`TEMPER_TESTED_BACKEND is "${backendName}"; it can be "cpu" or "wasm".`);
tf.env().set('PROD', false); // trainer/tensors.ts leaves out checks that the tests are about
setTestEnvs([{ name: 'tested', backendName, isDataSync: true }]);

/** Registers Temper's kernels as the trainer does, and then a backend of the same name that outlives `reset`. */
function registerEnduringBackend() {
  registerWasmBackend({ threads });
  tf.removeBackend('wasm');
  const backend = new EnduringWasmBackend({ threads, build: detectKernelBuild() });
  tf.registerBackend('wasm', () => backend);
}
