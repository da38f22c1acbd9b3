/**
 * Hashes of texts in 64 bits, as two numbers of 32: equal ones stand for equal texts. Two lanes in the manner of
 * MurmurHash3 (Austin Appleby, public domain) with different multipliers over UTF-16 units, mixed at the end. Not for secrets.
 */

/** Adds a text to a hash of [low, high]; zeros to begin with. Adding "a" and then "b" differs from adding "ab". */
export function addToHash(hash: Uint32Array, text: string): void {
  let low = hash[0] ?? 0;
  let high = (hash[1] ?? 0) ^ 0x9e3779b9;
  const even = text.length & ~1;
  for (let index = 0; index < even; index += 2) {
    const pair = text.charCodeAt(index) | (text.charCodeAt(index + 1) << 16);
    low = Math.imul(rotate(low ^ scramble(pair), 13), 5) + 0xe6546b64;
    high = Math.imul(rotate(high ^ scrambleHigh(pair), 17), 9) + 0x52dce729;
  }
  if (even < text.length) {
    low ^= scramble(text.charCodeAt(even));
    high ^= scrambleHigh(text.charCodeAt(even));
  }
  finishHash(hash, low, high, text.length);
}

/** As `addToHash`, of a text in an array; twice the code, because it runs several times for every letter of a file. */
export function addUnitsToHash(hash: Uint32Array, units: Uint16Array, length: number): void {
  let low = hash[0] ?? 0;
  let high = (hash[1] ?? 0) ^ 0x9e3779b9;
  const even = length & ~1;
  for (let index = 0; index < even; index += 2) {
    const pair = (units[index] ?? 0) | ((units[index + 1] ?? 0) << 16);
    low = Math.imul(rotate(low ^ scramble(pair), 13), 5) + 0xe6546b64;
    high = Math.imul(rotate(high ^ scrambleHigh(pair), 17), 9) + 0x52dce729;
  }
  if (even < length) {
    low ^= scramble(units[even] ?? 0);
    high ^= scrambleHigh(units[even] ?? 0);
  }
  finishHash(hash, low, high, length);
}

function finishHash(hash: Uint32Array, low: number, high: number, length: number): void {
  const mixedLow = mixWord((low ^ length) + high);
  const mixedHigh = mixWord((high ^ length) + mixedLow);
  hash[0] = mixedLow + mixedHigh;
  hash[1] = mixedHigh;
}

/** Every bit of the word changes about half of those of the result; no two words of 32 bits give the same. */
export function mixWord(word: number): number {
  let mixed = Math.imul(word ^ (word >>> 16), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return (mixed ^ (mixed >>> 16)) >>> 0;
}

function scramble(pair: number): number {
  return Math.imul(rotate(Math.imul(pair, 0xcc9e2d51), 15), 0x1b873593);
}

function scrambleHigh(pair: number): number {
  return Math.imul(rotate(Math.imul(pair, 0x239b961b), 16), 0xab0e9789);
}

function rotate(word: number, bits: number): number {
  return (word << bits) | (word >>> (32 - bits));
}
