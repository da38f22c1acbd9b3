/** Writes the little of Protocol Buffers' wire format (https://protobuf.dev/programming-guides/encoding/) that a saved model needs. */

/** Length-delimited: text, bytes, or a message of encoded fields. */
export function encodeBytes(field: number, content: string | Uint8Array): Buffer {
  const bytes = Buffer.from(content);
  return Buffer.concat([encodeTag(field, 2), encodeVarint(bytes.length), bytes]);
}

export function encodeMessage(field: number, ...parts: readonly Uint8Array[]): Buffer {
  return encodeBytes(field, Buffer.concat(parts));
}

/** A varint: an integer (a negative one in its 64 bits), an enum or a boolean. */
export function encodeInteger(field: number, value: number): Buffer {
  return Buffer.concat([encodeTag(field, 0), encodeVarint(value)]);
}

export function encodeFloat(field: number, value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeFloatLE(value);
  return Buffer.concat([encodeTag(field, 5), bytes]);
}

/** The entry of a `map<string, message>`. */
export function encodeEntry(field: number, key: string, ...value: readonly Uint8Array[]): Buffer {
  return encodeMessage(field, encodeBytes(1, key), encodeMessage(2, ...value));
}

function encodeTag(field: number, wireType: number): Buffer {
  return encodeVarint(field * 8 + wireType);
}

function encodeVarint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = BigInt.asUintN(64, BigInt(value));
  while (rest >= 128n) {
    bytes.push(Number(rest % 128n) + 128);
    rest /= 128n;
  }
  return Buffer.from([...bytes, Number(rest)]);
}
