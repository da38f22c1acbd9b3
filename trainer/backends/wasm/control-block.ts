/**
 * What the main thread and its workers share beside the heap: four counters to wake each other by, and one slot per
 * thread that holds a call as numbers.
 */

/** Counters, as indexes into the Int32Array at the start. */
export const COUNTER = {
  /** Goes up when the slots hold new calls. */
  generation: 0,
  /** Workers that have finished the present generation. */
  finished: 1,
  /** Workers that have started. */
  started: 2,
  /** Workers whose call threw in the present generation. */
  failed: 3,
} as const;

const COUNTERS_BYTES = 64;
const SLOT_NUMBERS = 24;

/** What stands first in a slot instead of the number of a function. */
export const NOTHING_TO_DO = -1;
export const LEAVE = -2;

/** Everything a worker gets when it starts. */
export interface WorkerData {
  module: WebAssembly.Module;
  memory: WebAssembly.Memory;
  control: SharedArrayBuffer;
  thread: number;
}

export interface ControlBlock {
  buffer: SharedArrayBuffer;
  counters: Int32Array;
  slots: Float64Array[];
}

export function createControlBlock(threads: number): ControlBlock {
  return viewControlBlock(new SharedArrayBuffer(COUNTERS_BYTES + threads * SLOT_NUMBERS * 8));
}

export function viewControlBlock(buffer: SharedArrayBuffer): ControlBlock {
  const threads = (buffer.byteLength - COUNTERS_BYTES) / (SLOT_NUMBERS * 8);
  const slots = Array.from(
    { length: threads },
    (_, thread) => new Float64Array(buffer, COUNTERS_BYTES + thread * SLOT_NUMBERS * 8, SLOT_NUMBERS),
  );
  return { buffer, counters: new Int32Array(buffer, 0, COUNTERS_BYTES / 4), slots };
}

/** A call in a slot: the function's index, the number of arguments, the arguments. */
export function writeCall(slot: Float64Array, functionIndex: number, args: readonly number[]): void {
  if (args.length + 2 > SLOT_NUMBERS) throw new Error(`A kernel call holds ${SLOT_NUMBERS - 2} arguments, not ${args.length}.`);
  slot[0] = functionIndex;
  slot[1] = args.length;
  slot.set(args, 2);
}

/** About a millisecond: longer than the JavaScript between two kernels, which a sleeping thread would answer too late. */
const SPINS = 200_000;

/** Waits until a counter differs from `seen`: briefly awake, as the next call is often microseconds away, then asleep. */
export function waitForChange(counters: Int32Array, index: number, seen: number, timeoutMs = Infinity): number {
  for (let spin = 0; spin < SPINS; spin++) {
    const now = Atomics.load(counters, index);
    if (now !== seen) return now;
  }
  Atomics.wait(counters, index, seen, timeoutMs);
  return Atomics.load(counters, index);
}
