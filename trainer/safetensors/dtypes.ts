/**
 * The element types of a safetensors file, and what floating point looks like on the JavaScript side: always float32.
 * F16 and BF16 are widened and narrowed here bit by bit. https://docs.rs/safetensors/latest/safetensors/enum.Dtype.html
 */

/** Every type of the format, with the bits of one element. */
const bitsPerElement = {
  BOOL: 8,
  F4: 4,
  F6_E2M3: 6,
  F6_E3M2: 6,
  U8: 8,
  I8: 8,
  F8_E5M2: 8,
  F8_E4M3: 8,
  F8_E5M2FNUZ: 8,
  F8_E4M3FNUZ: 8,
  F8_E8M0: 8,
  I16: 16,
  U16: 16,
  F16: 16,
  BF16: 16,
  I32: 32,
  U32: 32,
  F32: 32,
  C64: 64,
  F64: 64,
  I64: 64,
  U64: 64,
} as const;
export type Dtype = keyof typeof bitsPerElement;

/** What is read as numbers. */
export type FloatDtype = 'F64' | 'F32' | 'F16' | 'BF16';
/** What numbers are written as. */
export type WritableDtype = 'F32' | 'F16' | 'BF16';

export function isDtype(name: string): name is Dtype {
  return Object.hasOwn(bitsPerElement, name);
}

export function isFloatDtype(dtype: Dtype): dtype is FloatDtype {
  return dtype === 'F32' || dtype === 'F16' || dtype === 'BF16' || dtype === 'F64';
}

/** Whole numbers and truth values: not weights, unless something packed them. */
export function isIntegerDtype(dtype: Dtype): boolean {
  return /^[IU]\d+$|^BOOL$/.test(dtype);
}

export function bitsOf(dtype: Dtype): number {
  return bitsPerElement[dtype];
}

/** The bytes that a tensor takes, a fraction for 4-bit types of odd size; undefined when they cannot be counted. */
export function byteLengthOf(dtype: Dtype, shape: readonly number[]): number | undefined {
  let bits: number = bitsPerElement[dtype];
  for (const extent of shape) {
    bits *= extent;
    if (!Number.isSafeInteger(bits)) return undefined; // also when a zero follows, as in the format's own reader
  }
  return bits / 8;
}

/** Widens `bytes` into `target`. They begin at a multiple of 8 in their buffer and hold as many elements as `target`. */
export function decodeFloats(dtype: FloatDtype, bytes: Uint8Array, target: Float32Array): void {
  const { buffer, byteOffset } = bytes;
  if (dtype === 'F32') target.set(new Float32Array(buffer, byteOffset, target.length));
  else if (dtype === 'F64') target.set(new Float64Array(buffer, byteOffset, target.length));
  else if (dtype === 'BF16') widenBfloat16(new Uint16Array(buffer, byteOffset, target.length), target);
  else widenFloat16(new Uint16Array(buffer, byteOffset, target.length), target);
}

/** A bfloat16 is the upper half of a float32. */
function widenBfloat16(halves: Uint16Array, target: Float32Array): void {
  const bits = new Uint32Array(target.buffer, target.byteOffset, target.length);
  for (let index = 0; index < halves.length; index++) bits[index] = (halves[index] ?? 0) << 16;
}

let float16Table: Float32Array | undefined;

function widenFloat16(halves: Uint16Array, target: Float32Array): void {
  float16Table ??= Float32Array.from({ length: 2 ** 16 }, (_, half) => fromFloat16(half));
  for (let index = 0; index < halves.length; index++) target[index] = float16Table[halves[index] ?? 0] ?? NaN;
}

/** IEEE 754 binary16: 1 sign, 5 exponent and 10 fraction bits. */
function fromFloat16(half: number): number {
  const sign = half & 0x8000 ? -1 : 1;
  const exponent = (half >> 10) & 0x1f;
  const fraction = half & 0x3ff;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 0x1f) return fraction === 0 ? sign * Infinity : NaN;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

/** The bytes of the values in `dtype`, each rounded to the nearest, ties to even, as PyTorch does. */
export function encodeFloats(dtype: WritableDtype, values: Float32Array): Uint8Array {
  if (dtype === 'F32') return new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
  const bits = new Uint32Array(values.buffer, values.byteOffset, values.length);
  return new Uint8Array(Uint16Array.from(bits, dtype === 'BF16' ? toBfloat16 : toFloat16).buffer);
}

function toBfloat16(bits: number): number {
  if ((bits & 0x7fffffff) > 0x7f800000) return (bits >>> 16) | 0x40; // not a number: rounding must not make it infinite
  return (bits + 0x7fff + ((bits >>> 16) & 1)) >>> 16;
}

function toFloat16(bits: number): number {
  const sign = (bits >>> 16) & 0x8000;
  const magnitude = bits & 0x7fffffff;
  if (magnitude > 0x7f800000) return sign | 0x7e00;
  if (magnitude >= 0x47800000) return sign | 0x7c00; // 65536 and more
  if (magnitude < 0x38800000) return sign | roundToFloat16Subnormal(magnitude); // below 2^-14
  const rounded = magnitude + 0xfff + ((magnitude >>> 13) & 1);
  return sign | ((rounded - 0x38000000) >>> 13); // exponents are biased by 127 there and by 15 here
}

/** A subnormal counts units of 2^-24. The result may be 1024 of them, which is the bit pattern of 2^-14, as it should be. */
function roundToFloat16Subnormal(magnitude: number): number {
  const shift = 126 - (magnitude >>> 23);
  if (shift > 24) return 0; // less than half a unit
  const fraction = (magnitude & 0x7fffff) | 0x800000;
  const half = 2 ** (shift - 1);
  const whole = fraction >>> shift;
  const rest = fraction & (2 ** shift - 1);
  return whole + (rest > half || (rest === half && whole % 2 === 1) ? 1 : 0);
}
