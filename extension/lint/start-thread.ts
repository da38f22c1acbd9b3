/** The thread that lints, as a thread: dist/lint-worker.cjs. It has its own memory limit and dies alone. */
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import type { Thread, ThreadEvents } from './thread-client';

const heapMegabytes = 2048;

export function startThread(extensionDir: string, events: ThreadEvents): Thread {
  const worker = new Worker(join(extensionDir, 'dist', 'lint-worker.cjs'), {
    execArgv: [],
    resourceLimits: { maxOldGenerationSizeMb: heapMegabytes },
  });
  let reason = '';
  worker.on('message', (message: unknown) => events.received(message));
  worker.on('error', (error: unknown) => (reason = error instanceof Error ? (error.stack ?? error.message) : String(error)));
  worker.on('exit', (code) => events.died(reason || `exit code ${code}`));
  return { post: (message) => worker.postMessage(message), end: () => void worker.terminate() };
}
