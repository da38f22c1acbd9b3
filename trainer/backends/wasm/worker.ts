/**
 * A worker thread of the wasm backend: waits for the next generation, runs the call in its slot on the shared memory,
 * says that it is done. Its own bundle, `dist/wasm-worker.cjs`; it must not import tensors.
 */
import { workerData } from 'node:worker_threads';
import { COUNTER, LEAVE, NOTHING_TO_DO, viewControlBlock, waitForChange } from './control-block';
import type { WorkerData } from './control-block';
import { instantiateKernels } from './kernel-functions';

// Written by ThreadPool, in the same build.
const { module, memory, control, thread } = workerData as WorkerData;
const { counters, slots } = viewControlBlock(control);
const kernels = [...instantiateKernels(module, memory).values()];
const slot = slots[thread];

let generation = 0;
addOne(COUNTER.started);
while (slot) {
  generation = waitForChange(counters, COUNTER.generation, generation);
  const call = slot[0] ?? NOTHING_TO_DO;
  if (call === LEAVE) break;
  if (call !== NOTHING_TO_DO) runCall(call, slot);
  addOne(COUNTER.finished);
}

function runCall(index: number, call: Float64Array): void {
  try {
    kernels[index]?.(...call.subarray(2, 2 + (call[1] ?? 0)));
  } catch {
    // A trap; the main thread names the kernel.
    Atomics.add(counters, COUNTER.failed, 1);
  }
}

function addOne(index: number): void {
  Atomics.add(counters, index, 1);
  Atomics.notify(counters, index);
}
