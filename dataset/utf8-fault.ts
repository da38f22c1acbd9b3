/** Finds the first byte that is not UTF-8, by the table of well-formed sequences in Unicode 15, 3.9 (table 3-7). */

/** The index of the first byte of the first ill-formed sequence in `bytes`, or -1. */
export function findInvalidUtf8(bytes: Uint8Array): number {
  let index = 0;
  while (index < bytes.length) {
    const length = sequenceLength(bytes, index);
    if (length === 0) return index;
    index += length;
  }
  return -1;
}

/** Bytes of the well-formed sequence at `index`; 0 when it is ill-formed. */
function sequenceLength(bytes: Uint8Array, index: number): number {
  const lead = bytes[index] ?? 0;
  if (lead < 0x80) return 1;
  const length = lead < 0xc2 ? 0 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : lead < 0xf5 ? 4 : 0;
  const [low, high] = secondByteBounds(lead);
  for (let offset = 1; offset < length; offset++) {
    const byte = bytes[index + offset] ?? 0;
    const [from, to] = offset === 1 ? [low, high] : [0x80, 0xbf];
    if (byte < from || byte > to) return 0;
  }
  return length;
}

/** Narrower than 80..BF where that would be an overlong form, a surrogate or beyond U+10FFFF. */
function secondByteBounds(lead: number): readonly [number, number] {
  if (lead === 0xe0) return [0xa0, 0xbf];
  if (lead === 0xed) return [0x80, 0x9f];
  if (lead === 0xf0) return [0x90, 0xbf];
  if (lead === 0xf4) return [0x80, 0x8f];
  return [0x80, 0xbf];
}
