/** Turns 4-bit codes back into floats: a map of 16 values times the scale of each block of 64. */

const BLOCK_SHIFT: i32 = 6;
const NESTED_SHIFT: i32 = 8;

class Codes {
  /** Byte `k` of each of the 16 floats of a map. */
  @inline static plane(map: usize, k: i32): v128 {
    let plane = i8x16.splat(0);
    for (let i = 0; i < 16; i++) {
      const select = i8x16.eq(i8x16(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15), i8x16.splat(i as i8));
      plane = v128.bitselect(i8x16.splat(load<i8>(map + ((i << 2) as usize) + (k as usize))), plane, select);
    }
    return plane;
  }

  /** 16 codes from 8 bytes in the order of the elements: the even one lies in the high half. */
  @inline static unpack(address: usize): v128 {
    const bytes = v128.load64_zero(address);
    const even = i8x16.shr_u(bytes, 4);
    const odd = v128.and(bytes, i8x16.splat(15));
    return i8x16.shuffle(even, odd, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
  }

  /** 16 floats: their bytes looked up plane by plane, interleaved, scaled. */
  @inline static storeSixteen(
    index: v128,
    plane0: v128,
    plane1: v128,
    plane2: v128,
    plane3: v128,
    factor: v128,
    out: usize,
  ): void {
    const byte0 = i8x16.swizzle(plane0, index);
    const byte1 = i8x16.swizzle(plane1, index);
    const byte2 = i8x16.swizzle(plane2, index);
    const byte3 = i8x16.swizzle(plane3, index);
    const low01 = i8x16.shuffle(byte0, byte1, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
    const high01 = i8x16.shuffle(byte0, byte1, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31);
    const low23 = i8x16.shuffle(byte2, byte3, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
    const high23 = i8x16.shuffle(byte2, byte3, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31);
    v128.store(out, f32x4.mul(i16x8.shuffle(low01, low23, 0, 8, 1, 9, 2, 10, 3, 11), factor));
    v128.store(out, f32x4.mul(i16x8.shuffle(low01, low23, 4, 12, 5, 13, 6, 14, 7, 15), factor), 16);
    v128.store(out, f32x4.mul(i16x8.shuffle(high01, high23, 0, 8, 1, 9, 2, 10, 3, 11), factor), 32);
    v128.store(out, f32x4.mul(i16x8.shuffle(high01, high23, 4, 12, 5, 13, 6, 14, 7, 15), factor), 48);
  }

  @inline static at(codes: usize, index: i32): usize {
    const byte = load<u8>(codes + ((index >> 1) as usize));
    return (index & 1 ? byte & 15 : byte >> 4) as usize;
  }
}

/** The scale of a block: a value of the nested map, times the scale of its 256 blocks, plus the offset. Rounded twice, as bitsandbytes does. */
function blockScale(block: i32, absmax: usize, nestedMap: usize, nestedAbsmax: usize, offset: f32): f32 {
  const code = load<u8>(absmax + (block as usize)) as usize;
  const nested = load<f32>(nestedAbsmax + (((block >> NESTED_SHIFT) as usize) << 2));
  return load<f32>(nestedMap + (code << 2)) * nested + offset;
}

/** out [count] = the elements from `first` on, counted through the whole tensor. */
export function nf4Dequantize(
  first: i32,
  count: i32,
  codes: usize,
  map: usize,
  absmax: usize,
  nestedMap: usize,
  nestedAbsmax: usize,
  offset: f32,
  out: usize,
): void {
  const plane0 = Codes.plane(map, 0);
  const plane1 = Codes.plane(map, 1);
  const plane2 = Codes.plane(map, 2);
  const plane3 = Codes.plane(map, 3);
  const end = first + count;
  let i = first;
  while (i < end) {
    const block = i >> BLOCK_SHIFT;
    const stop = min(end, (block + 1) << BLOCK_SHIFT);
    const scale = blockScale(block, absmax, nestedMap, nestedAbsmax, offset);
    const factor = f32x4.splat(scale);
    if (i & 1) {
      store<f32>(out, load<f32>(map + (Codes.at(codes, i) << 2)) * scale);
      out += 4;
      i++;
    }
    for (; i + 16 <= stop; i += 16) {
      Codes.storeSixteen(Codes.unpack(codes + ((i >> 1) as usize)), plane0, plane1, plane2, plane3, factor, out);
      out += 64;
    }
    for (; i < stop; i++) {
      store<f32>(out, load<f32>(map + (Codes.at(codes, i) << 2)) * scale);
      out += 4;
    }
  }
}
