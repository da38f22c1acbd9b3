/**
 * TensorFlow.js's webgpu backend on a device of Dawn's, with two faults made loud: a read that would have to block, and an
 * operation that the GPU refused. The only file that names the package. It is built to a bundle of its own
 * (dist/webgpu-backend.cjs), which is loaded when there is a GPU and handed the TensorFlow.js that is running.
 */
import { WebGPUBackend } from '@tensorflow/tfjs-backend-webgpu';
import type * as tf from '../../tensors';
import type { AdapterInfo, Device, GpuError } from './dawn';

type BrowserDevice = ConstructorParameters<typeof WebGPUBackend>[0];
type BrowserAdapterInfo = ConstructorParameters<typeof WebGPUBackend>[1];
type Values = tf.backend_util.BackendValues;

export function createBackend(device: Device, info: AdapterInfo): DawnBackend {
  return likeABrowser(() => new DawnBackend(device, info));
}

export class DawnBackend extends WebGPUBackend {
  /** The first thing that went wrong on the device. Dawn says so after the call, so it is raised at the next read. */
  private fault: Error | undefined;

  constructor(device: Device, info: AdapterInfo) {
    super(device as unknown as BrowserDevice, info as unknown as BrowserAdapterInfo); // complete; our types name what we use
    device.addEventListener('uncapturederror', (event) => {
      event.preventDefault(); // else Dawn prints it on stdout, between our lines of JSON
      this.fault ??= describeFault(event.error);
    });
  }

  override async read(dataId: object): Promise<Values> {
    const values = await super.read(dataId);
    if (this.fault !== undefined) throw this.fault;
    return values;
  }

  /** What is not on the GPU can be read at once; for all else there is only `await data()`. */
  override readSync(dataId: object): Values {
    const values = this.tensorMap.get(dataId).values as Values | null | undefined; // null once it is on the GPU
    if (values === null || values === undefined) throw new Error('A tensor on the GPU can be read by `await data()` only.');
    return values;
  }

  /** Gives one tensor the values of another of its shape, which is freed. Both are on the GPU. */
  replaceValues(kept: object, spent: object): void {
    const [into, from] = [this.tensorMap.get(kept), this.tensorMap.get(spent)];
    const [fresh, old] = [from.resource, into.resource];
    if (fresh === undefined || old === undefined) throw new Error('replaceValues: both tensors must be on the GPU.');
    into.resource = fresh;
    from.resource = old;
    into.values = null as unknown as Values; // what was read before: as TensorFlow.js marks values that are on the GPU only
    this.disposeData(spent);
  }
}

function describeFault(error: GpuError): Error {
  const isMemory = error.constructor.name === 'GPUOutOfMemoryError';
  return new Error(`${isMemory ? 'The GPU is out of memory' : 'The GPU refused an operation'}: ${error.message.trim()}`);
}

/** The backend's constructor looks for a browser's `navigator.gpu`; nobody else should find one. */
function likeABrowser<Result>(make: () => Result): Result {
  const before = Object.getOwnPropertyDescriptor(globalThis, 'navigator');
  Object.defineProperty(globalThis, 'navigator', { value: { gpu: true }, configurable: true });
  try {
    return make();
  } finally {
    if (before === undefined) Reflect.deleteProperty(globalThis, 'navigator');
    else Object.defineProperty(globalThis, 'navigator', before);
  }
}
