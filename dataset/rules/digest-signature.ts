/**
 * A MinHash signature: 50 numbers, as many of which agree between two texts as the sets of their pieces of four letters
 * overlap (the Jaccard index), but for chance. One permutation with densification (Shrivastava, "Optimal Densification for
 * Fast and Accurate Minwise Hashing", 2017), so that a long text costs a few hashes a letter.
 */
import { mixWord } from './hash';

export const signatureLength = 50;
const pieceLength = 4;
/** Each piece goes into a bin for each of these odd numbers, so that those of a short text are rarely empty; the overlap stays the same. */
const multipliers = [0x9e3779b1, 0x85ebca77, 0xc2b2ae3d, 0x27d4eb2f] as const;
const none = 0xffffffff;
const smallest = new Uint32Array(signatureLength);

/** Writes the signature of the first `length` units at `offset`. */
export function writeSignature(
  units: Uint16Array,
  length: number,
  { into, offset }: { into: Uint16Array; offset: number },
): void {
  if (length < pieceLength) return;
  smallest.fill(none);
  for (let index = 0; index + pieceLength <= length; index++) addPiece(hashPiece(units, index));
  for (let bin = 0; bin < signatureLength; bin++) into[offset + bin] = mixWord(smallest[nearestFilled(bin)] ?? 0);
}

/** The hashes of the pieces, each once, in order. */
export function collectPieces(units: Uint16Array, length: number): Uint32Array {
  const pieces = new Uint32Array(Math.max(0, length - pieceLength + 1));
  for (let index = 0; index < pieces.length; index++) pieces[index] = hashPiece(units, index);
  pieces.sort();
  let count = 0;
  for (let index = 0; index < pieces.length; index++) {
    if (index === 0 || pieces[index] !== pieces[index - 1]) pieces[count++] = pieces[index] ?? 0;
  }
  return pieces.subarray(0, count);
}

/** The part of all different pieces that both have: 1 for equal sets, 0 for nothing in common. */
export function overlapOf(a: Uint32Array, b: Uint32Array): number {
  let [i, j, common] = [0, 0, 0];
  while (i < a.length && j < b.length) {
    const difference = (a[i] ?? 0) - (b[j] ?? 0);
    if (difference === 0) common++;
    if (difference <= 0) i++;
    if (difference >= 0) j++;
  }
  const all = a.length + b.length - common;
  return all === 0 ? 0 : common / all;
}

function addPiece(piece: number): void {
  for (const multiplier of multipliers) {
    const hash = Math.imul(piece, multiplier);
    const bin = ((hash >>> 16) * signatureLength) >>> 16;
    const value = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d) >>> 0;
    if (value < (smallest[bin] ?? 0)) smallest[bin] = value;
  }
}

function hashPiece(units: Uint16Array, index: number): number {
  const first = (units[index] ?? 0) | ((units[index + 1] ?? 0) << 16);
  const second = (units[index + 2] ?? 0) | ((units[index + 3] ?? 0) << 16);
  return mixWord(Math.imul(first, 0xcc9e2d51) + Math.imul(second ^ (second >>> 15), 0x1b873593));
}

/** An empty bin borrows from one that is drawn by its number: the same one in every text that has it filled. */
function nearestFilled(bin: number): number {
  let filled = bin;
  for (let draw = 1; smallest[filled] === none; draw++) {
    filled = Math.floor((mixWord(bin * 7919 + draw) / 2 ** 32) * signatureLength);
  }
  return filled;
}
