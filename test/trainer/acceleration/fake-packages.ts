/** Packages that npm can install in a moment in place of TensorFlow: one that computes, and ones that fail in their own way. */
import type { FakePackage } from './fake-registry';

/** A real backend of TensorFlow.js by the name that tfjs-node registers: the kernels of the processor, under another name. */
const backend = `
const engine = globalThis._tfengine;
const kernels = globalThis._tfGlobals.get('kernelRegistry');
for (const [key, kernel] of [...kernels])
  if (key.startsWith('cpu_')) kernels.set(key.replace('cpu_', 'tensorflow_'), { ...kernel, backendName: 'tensorflow' });
// What Temper's own kernels ask of a native binding is there and does nothing; the self-test does not run them.
const nothing = () => undefined;
const anything = new Proxy({}, { get: () => nothing, has: () => true });
engine.registerBackend('tensorflow', () => Object.assign(engine.registryFactory.cpu.factory(), {
  binding: anything, tensorMap: anything, getInputTensorIds: nothing, createOutputTensor: nothing,
}));
`;

const wrongProducts = `
const product = kernels.get('cpu_BatchMatMul').kernelFunc;
kernels.set('tensorflow_BatchMatMul', { kernelName: 'BatchMatMul', backendName: 'tensorflow', kernelFunc: (args) => {
  const result = product(args);
  args.backend.data.get(result.dataId).values.fill(7);
  return result;
} });
`;

interface Parts {
  /** Tells two installations of the same version apart. */
  readonly label?: string;
  readonly index?: string;
  /** What npm runs as the install script. */
  readonly script?: string;
}

function tensorFlow({ label = '', index = backend, script = "console.log('* Downloading nothing');" }: Parts): FakePackage {
  return {
    name: '@tensorflow/tfjs-node',
    version: '4.22.0',
    scripts: { install: 'node script.js' },
    files: { 'index.js': index, 'script.js': script, 'label.txt': label },
  };
}

/** Runs on after its parent, and says who it is. */
export function endlessScript(pidFile: string): string {
  return `require('fs').writeFileSync(${JSON.stringify(pidFile)}, String(process.pid));
    process.on('SIGTERM', () => {}); // the worst kind: it has to be ended by force
    setInterval(() => {
      try { require('fs').writeFileSync('written-by-script.txt', String(Date.now())); } catch {} // its folder is gone, it goes on
    }, 20);`;
}

export const packages = {
  working: (label: string) => tensorFlow({ label }),
  failingScript: () => tensorFlow({ script: "console.error('gyp ERR! find Python'); process.exit(1);" }),
  endless: (pidFile: string) => tensorFlow({ script: endlessScript(pidFile) }),
  throwing: () => tensorFlow({ index: "throw new Error('libtensorflow.so.2: cannot open shared object file');" }),
  crashing: () => tensorFlow({ index: 'process.abort();' }),
  wrong: () => tensorFlow({ index: backend + wrongProducts }),
};
