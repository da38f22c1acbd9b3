/**
 * Runs a kernel on several threads of one memory: the main thread does a part itself and waits for the rest, so a call
 * is over when it returns. Work is cut into contiguous ranges that depend on nothing but the sizes and the number of
 * threads.
 */
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { assetPath } from '../../../inputs/assets';
import { COUNTER, LEAVE, NOTHING_TO_DO, createControlBlock, waitForChange, writeCall } from './control-block';
import type { WorkerData } from './control-block';
import { instantiateKernels, listKernelNames } from './kernel-functions';
import type { KernelFunction } from './kernel-functions';

const START_LIMIT_MS = 20_000;
const MAX_THREADS = 64;

export interface Split {
  /** Units of work, 0 to total - 1. */
  total: number;
  /** Fewer units than this are not worth a thread. */
  grain: number;
}

export class ThreadPool {
  readonly threads: number;
  private readonly kernels: Map<string, KernelFunction>;
  private readonly indexes: Map<string, number>;
  private readonly control;
  private readonly workers: Worker[];
  private allStarted = false;
  private closed = false;

  /** Workers start in the background; the first call that is worth sharing waits for them. */
  constructor(threads: number, module: WebAssembly.Module, memory: WebAssembly.Memory) {
    if (!Number.isInteger(threads) || threads < 1 || threads > MAX_THREADS) {
      throw new RangeError(`A pool has 1 to ${MAX_THREADS} threads, not ${threads}.`);
    }
    this.threads = threads;
    this.kernels = instantiateKernels(module, memory);
    this.indexes = new Map(listKernelNames(module).map((name, index) => [name, index]));
    this.control = createControlBlock(threads);
    const common = { module, memory, control: this.control.buffer };
    this.workers = Array.from({ length: threads - 1 }, (_, i) => startWorker({ ...common, thread: i + 1 }));
  }

  /** Calls a kernel on this thread only and returns its number. */
  call(kernel: string, ...args: number[]): number {
    return this.find(kernel)(...args) ?? 0;
  }

  /** Cuts `total` units among the threads; `args` gives the arguments for the units `from` to `to` on a thread. */
  parallel(kernel: string, { total, grain }: Split, args: (from: number, to: number, thread: number) => number[]): void {
    if (this.closed) throw new Error('The thread pool of the wasm backend is closed.');
    const parts = Math.max(1, Math.min(this.threads, Math.floor(total / grain)));
    const start = (part: number) => Math.floor((total * part) / parts);
    const calls = Array.from({ length: parts }, (_, part) => args(start(part), start(part + 1), part));
    const [own = [], ...others] = calls;
    if (others.length === 0) this.find(kernel)(...own);
    else this.share(kernel, own, others);
  }

  /** Ends the workers. Calls after this throw. */
  close(): void {
    if (this.closed) return;
    this.closed = true;
    for (const slot of this.control.slots) writeCall(slot, LEAVE, []);
    this.nextGeneration();
  }

  /** Resolves when every worker has ended; call `close` first. */
  async ended(): Promise<void> {
    await Promise.all(this.workers.map(exitOf));
  }

  private find(kernel: string): KernelFunction {
    const found = this.kernels.get(kernel);
    if (!found) throw new Error(`The wasm module has no kernel "${kernel}".`);
    return found;
  }

  private share(kernel: string, own: number[], others: number[][]): void {
    this.waitForStart();
    const index = this.indexes.get(kernel) ?? NOTHING_TO_DO;
    this.control.slots.forEach((slot, thread) => {
      const args = others[thread - 1];
      writeCall(slot, args ? index : NOTHING_TO_DO, args ?? []);
    });
    Atomics.store(this.control.counters, COUNTER.finished, 0);
    this.nextGeneration();
    try {
      this.find(kernel)(...own);
    } finally {
      this.waitForWorkers();
    }
    this.requireNoFailure(kernel);
  }

  private nextGeneration(): void {
    Atomics.add(this.control.counters, COUNTER.generation, 1);
    Atomics.notify(this.control.counters, COUNTER.generation);
  }

  private waitForStart(): void {
    if (this.allStarted) return;
    const deadline = performance.now() + START_LIMIT_MS;
    let started = Atomics.load(this.control.counters, COUNTER.started);
    while (started < this.workers.length) {
      if (performance.now() > deadline) {
        throw new Error(`Only ${started} of ${this.workers.length} worker threads started within ${START_LIMIT_MS / 1000} s.`);
      }
      started = waitForChange(this.control.counters, COUNTER.started, started, 100);
    }
    this.allStarted = true;
  }

  private waitForWorkers(): void {
    let finished = Atomics.load(this.control.counters, COUNTER.finished);
    while (finished < this.workers.length) finished = waitForChange(this.control.counters, COUNTER.finished, finished);
  }

  private requireNoFailure(kernel: string): void {
    const failed = Atomics.exchange(this.control.counters, COUNTER.failed, 0);
    if (failed > 0) throw new Error(`The wasm kernel "${kernel}" failed on ${failed} worker threads.`);
  }
}

/** Resolves when a worker has ended, which keeps the process alive until then. */
async function exitOf(worker: Worker): Promise<void> {
  const hasEnded = worker.threadId === -1;
  if (hasEnded) return;
  worker.ref();
  await once(worker, 'exit');
}

/** The process may end while its workers wait. */
function startWorker(data: WorkerData): Worker {
  const worker = new Worker(assetPath('wasm-worker.cjs'), { workerData: data });
  worker.unref();
  return worker;
}
