/**
 * Blocks of one shared WebAssembly memory: address-ordered first fit with coalescing. A training step frees what it
 * takes, so the free list stays short, and batches of changing length do not fragment it.
 */

const PAGE_BYTES = 65536;
const ALIGNMENT_BYTES = 64;
/** The memory grows by at least this much, since growing is a system call. */
const GROWTH_BYTES = 16 * 1024 * 1024;
/** 4 GiB but for the last page, so that the end of a block is still a 32-bit address. */
const ADDRESSABLE_BYTES = 65535 * PAGE_BYTES;

/** The heap cannot hold what was asked for. Nothing was allocated. */
export class HeapExhausted extends Error {
  readonly askedBytes: number;
  readonly usedBytes: number;
  readonly limitBytes: number;

  constructor(askedBytes: number, usedBytes: number, limitBytes: number) {
    super(
      `The tensor heap is exhausted: asked for ${megabytes(askedBytes)}, ${megabytes(usedBytes)} in use, limit ${megabytes(limitBytes)}.`,
    );
    this.name = 'HeapExhausted';
    this.askedBytes = askedBytes;
    this.usedBytes = usedBytes;
    this.limitBytes = limitBytes;
  }
}

export interface HeapStats {
  usedBytes: number;
  /** The largest `usedBytes` so far. */
  peakBytes: number;
}

interface Hole {
  address: number;
  bytes: number;
}

export class Heap {
  readonly memory: WebAssembly.Memory;
  readonly limitBytes: number;
  /** Free ranges below `top` by address; no two touch. */
  private readonly holes: Hole[] = [];
  private readonly sizes = new Map<number, number>();
  /** Where memory that was never in use begins. Address 0 stays unused, so that it can mean "none". */
  private top = PAGE_BYTES;
  private usedBytes = 0;
  private peakBytes = 0;

  /** The limit counts the whole memory and is rounded down to pages of 64 KiB. */
  constructor(limitBytes = ADDRESSABLE_BYTES) {
    const pages = Math.floor(Math.min(limitBytes, ADDRESSABLE_BYTES) / PAGE_BYTES);
    if (!(pages >= 1)) throw new RangeError(`A heap needs at least ${PAGE_BYTES} bytes, not ${limitBytes}.`);
    this.limitBytes = pages * PAGE_BYTES;
    this.memory = new WebAssembly.Memory({ initial: 1, maximum: pages, shared: true });
  }

  /** The address of a block of at least `bytes`, aligned to 64; its content is arbitrary. Throws HeapExhausted. */
  allocate(bytes: number): number {
    const size = blockSize(bytes);
    const address = this.takeHole(size) ?? this.takeTop(size);
    this.sizes.set(address, size);
    this.usedBytes += size;
    this.peakBytes = Math.max(this.peakBytes, this.usedBytes);
    return address;
  }

  /** As `allocate`, but undefined where the heap is exhausted. */
  tryAllocate(bytes: number): number | undefined {
    try {
      return this.allocate(bytes);
    } catch (error) {
      if (error instanceof HeapExhausted) return undefined;
      throw error;
    }
  }

  /** Gives a block back. Throws for an address that `allocate` did not return, or that is free already. */
  free(address: number): void {
    const bytes = this.sizes.get(address);
    if (bytes === undefined) throw new Error(`No block of the tensor heap begins at ${address}.`);
    this.sizes.delete(address);
    this.usedBytes -= bytes;
    this.addHole({ address, bytes });
    this.lowerTop();
  }

  stats(): HeapStats {
    return { usedBytes: this.usedBytes, peakBytes: this.peakBytes };
  }

  /** Starts a new peak at what is in use now. */
  resetPeak(): void {
    this.peakBytes = this.usedBytes;
  }

  private takeHole(size: number): number | undefined {
    const index = this.holes.findIndex((hole) => hole.bytes >= size);
    const hole = this.holes[index];
    if (!hole) return undefined;
    const { address } = hole;
    hole.address += size;
    hole.bytes -= size;
    if (hole.bytes === 0) this.holes.splice(index, 1);
    return address;
  }

  private takeTop(size: number): number {
    const address = this.top;
    const missing = address + size - this.memory.buffer.byteLength;
    if (missing > 0) this.grow(missing, size);
    this.top += size;
    return address;
  }

  private grow(missing: number, asked: number): void {
    const room = this.limitBytes - this.memory.buffer.byteLength;
    if (missing > room) throw new HeapExhausted(asked, this.usedBytes, this.limitBytes);
    const wanted = Math.min(Math.max(missing, GROWTH_BYTES), room);
    try {
      this.memory.grow(Math.ceil(wanted / PAGE_BYTES));
    } catch {
      // The system has less than the limit; what it has is our limit.
      throw new HeapExhausted(asked, this.usedBytes, this.memory.buffer.byteLength);
    }
  }

  private addHole(hole: Hole): void {
    const index = this.indexAfter(hole.address);
    this.holes.splice(index, 0, hole);
    this.joinWithNext(index);
    this.joinWithNext(index - 1);
  }

  /** Makes one hole of two that touch. */
  private joinWithNext(index: number): void {
    const hole = this.holes[index];
    const next = this.holes[index + 1];
    if (!hole || hole.address + hole.bytes !== next?.address) return;
    hole.bytes += next.bytes;
    this.holes.splice(index + 1, 1);
  }

  /** The index of the first hole behind an address. */
  private indexAfter(address: number): number {
    let low = 0;
    let high = this.holes.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.holes[middle]?.address ?? Infinity) < address) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  private lowerTop(): void {
    const last = this.holes.at(-1);
    if (last && last.address + last.bytes === this.top) {
      this.top = last.address;
      this.holes.pop();
    }
  }
}

function blockSize(bytes: number): number {
  if (!(bytes >= 0)) throw new RangeError(`A block cannot have ${bytes} bytes.`);
  return Math.max(1, Math.ceil(bytes / ALIGNMENT_BYTES)) * ALIGNMENT_BYTES;
}

function megabytes(bytes: number): string {
  return `${(bytes / 1048576).toFixed(1)} MB`;
}
