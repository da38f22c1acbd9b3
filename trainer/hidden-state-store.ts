/** Where hidden states of rows are kept: in memory while they are small, in a file beside the run while the disk has room. */
import { closeSync, openSync, readSync, rmSync, statfsSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import type { EncodedRow } from './batches';

const memoryLimitBytes = 512 * 2 ** 20;
/** The part of the free disk that a run may take for speed. */
const diskShare = 0.5;

export interface StateStore {
  /** How much it will be and where it lies, in words. */
  readonly place: string;
  has(row: EncodedRow): boolean;
  /** @throws Error for a row that was never written */
  read(row: EncodedRow): Float32Array;
  write(row: EncodedRow, states: Float32Array): void;
  close(): void;
}

/** For `bytes` in all; undefined where neither memory nor disk should take them. */
export function chooseStateStore(bytes: number, dir: string): StateStore | undefined {
  const size = `${Math.max(1, Math.round(bytes / 2 ** 20)).toLocaleString('en-US')} MB`;
  if (bytes <= memoryLimitBytes) return createMemoryStore(`in memory (${size})`);
  const { bavail, bsize } = statfsSync(dir);
  return bytes <= bavail * bsize * diskShare ? createFileStore(dir, `in a file (${size})`) : undefined;
}

export function createMemoryStore(place: string): StateStore {
  const kept = new Map<EncodedRow, Float32Array>();
  return {
    place,
    has: (row) => kept.has(row),
    read: (row) => kept.get(row) ?? failUnknown(row),
    write: (row, states) => void kept.set(row, states),
    close: () => {
      kept.clear();
    },
  };
}

/** One file that only grows; it is removed when the store closes. */
export function createFileStore(dir: string, place: string): StateStore {
  const path = join(dir, 'hidden-states.f32');
  const file = openSync(path, 'w+');
  const places = new Map<EncodedRow, { readonly offset: number; readonly length: number }>();
  let end = 0;
  return {
    place,
    has: (row) => places.has(row),
    read(row) {
      const found = places.get(row) ?? failUnknown(row);
      const states = new Float32Array(found.length);
      readSync(file, states, 0, states.byteLength, found.offset);
      return states;
    },
    write(row, states) {
      writeSync(file, states, 0, states.byteLength, end);
      places.set(row, { offset: end, length: states.length });
      end += states.byteLength;
    },
    close() {
      closeSync(file);
      rmSync(path, { force: true });
    },
  };
}

function failUnknown({ index }: EncodedRow): never {
  throw new Error(`Nothing was kept for row ${index}.`);
}
