/** A base that its folder has in 4 bits, as float32: for methods that cannot leave it packed. */
import { dequantizeNf4Range, type Nf4Data } from '../ops/nf4-format';
import type { NamedTensor } from '../safetensors';
import type { AttachOptions } from './method';
import { toMemory, type Transposed } from './parameters';

export function withoutPacked({ packed, ...options }: AttachOptions): AttachOptions {
  if (packed === undefined) return options;
  const { transposed } = options.architecture;
  return { ...options, tensors: new Map([...options.tensors, ...[...packed].map((layer) => unpackLayer(layer, transposed))]) };
}

/** As the file of an unpacked model has it. Packed weights lie [out, in], whatever the model. */
export function unpackLayer([module, data]: readonly [string, Nf4Data], transposed: Transposed): [string, NamedTensor] {
  const { rows, columns } = data;
  const name = `${module}.weight`;
  return [name, toMemory(name, { shape: [rows, columns], values: dequantizeNf4Range(data, 0, rows * columns) }, transposed)]; // turned back
}
