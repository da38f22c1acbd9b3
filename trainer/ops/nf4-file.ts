/**
 * The tensors into which bitsandbytes puts an NF4 weight in a safetensors file, both ways: the codes under the weight's own
 * name, the scales and maps behind it, and what else there is to know as JSON in bytes.
 */
import { z } from 'zod';
import { RunFailure } from '../../protocol';
import type { NamedTensor, NamedTensors, RawTensor, RawTensors } from '../safetensors';
import { BLOCK, NESTED_BLOCK, type Nf4Data } from './nf4-format';

const stateSuffix = '.quant_state.bitsandbytes__nf4';
const partSuffixes = ['.absmax', '.nested_absmax', '.quant_map', '.nested_quant_map', stateSuffix] as const;

const stateSchema = z.object({
  quant_type: z.literal('nf4'),
  blocksize: z.literal(BLOCK),
  shape: z.tuple([z.number().int().positive(), z.number().int().positive()]),
  nested_blocksize: z.literal(NESTED_BLOCK),
  nested_offset: z.number(),
});

export interface PackedTensors {
  /** By the weight's name without `.weight`. */
  readonly packed: ReadonlyMap<string, Nf4Data>;
  /** Everything else. */
  readonly tensors: NamedTensors;
}

/**
 * Takes the 4-bit weights out of a folder's tensors.
 * @throws RunFailure 'bad-model' naming every weight that is packed in another way or whose parts do not fit
 */
export function decodeNf4Tensors(dir: string, tensors: NamedTensors, integers: RawTensors): PackedTensors {
  const names = [...integers.keys()]
    .filter((name) => name.endsWith(stateSuffix))
    .map((name) => name.slice(0, -stateSuffix.length));
  const problems = describeOtherPackings(integers);
  const packed = new Map<string, Nf4Data>();
  for (const name of names) {
    const found = decodeOne(name, tensors, integers);
    if (typeof found === 'string') problems.push(`"${name}" ${found}`);
    else packed.set(name.replace(/\.weight$/, ''), found);
  }
  if (problems.length > 0) throw cannotUnpack(dir, problems);
  const parts = new Set(names.flatMap((name) => partSuffixes.map((suffix) => name + suffix)));
  return { packed, tensors: new Map([...tensors].filter(([name]) => !parts.has(name))) };
}

/** A weight as bitsandbytes would write it, byte for byte. `name` is the weight's, `….weight`. */
export function encodeNf4Tensors(name: string, data: Nf4Data): Map<string, NamedTensor | RawTensor> {
  const bytes = (values: Uint8Array, shape: readonly number[]): RawTensor => ({ dtype: 'U8', shape, bytes: values });
  const floats = (values: Float32Array): NamedTensor => ({ shape: [values.length], values });
  const state = new TextEncoder().encode(stateOf(data));
  return new Map<string, NamedTensor | RawTensor>([
    [name, bytes(data.weight, [data.weight.length, 1])],
    [`${name}.absmax`, bytes(data.absmax, [data.absmax.length])],
    [`${name}.nested_absmax`, floats(data.nestedAbsmax)],
    [`${name}.nested_quant_map`, floats(data.nestedQuantMap)],
    [`${name}.quant_map`, floats(data.quantMap)],
    [name + stateSuffix, bytes(state, [state.length])],
  ]);
}

/** JSON as Python writes it. */
function stateOf({ rows, columns, nestedOffset }: Nf4Data): string {
  return (
    `{"quant_type": "nf4", "blocksize": ${BLOCK}, "dtype": "float32", "shape": [${rows}, ${columns}], ` +
    `"nested_blocksize": ${NESTED_BLOCK}, "nested_dtype": "float32", "nested_offset": ${formatAsPython(nestedOffset)}}`
  );
}

/** Python's repr of a float: an exponent of two digits at least below 1e-4, a point in whole numbers. */
function formatAsPython(value: number): string {
  if (Number.isInteger(value)) return `${value}.0`;
  if (Math.abs(value) >= 1e-4) return String(value);
  return value.toExponential().replace(/e-(\d)$/, 'e-0$1');
}

/** The data, or what is wrong with it. */
function decodeOne(name: string, tensors: NamedTensors, integers: RawTensors): Nf4Data | string {
  const state = parseState(integers.get(name + stateSuffix)?.bytes ?? new Uint8Array());
  if (typeof state === 'string') return state;
  const [rows, columns] = state.shape;
  const blocks = Math.ceil((rows * columns) / BLOCK);
  const data = {
    rows,
    columns,
    nestedOffset: state.nested_offset,
    weight: bytesOf(integers.get(name)),
    absmax: bytesOf(integers.get(`${name}.absmax`)),
    quantMap: tensors.get(`${name}.quant_map`)?.values ?? new Float32Array(),
    nestedAbsmax: tensors.get(`${name}.nested_absmax`)?.values ?? new Float32Array(),
    nestedQuantMap: tensors.get(`${name}.nested_quant_map`)?.values ?? new Float32Array(),
  };
  const lengths = {
    weight: Math.ceil((rows * columns) / 2),
    absmax: blocks,
    quantMap: 16,
    nestedAbsmax: Math.ceil(blocks / NESTED_BLOCK),
    nestedQuantMap: 256,
  };
  const wrong = (Object.keys(lengths) as (keyof typeof lengths)[]).filter((part) => data[part].length !== lengths[part]); // its own keys
  const found = wrong.map((part) => `${data[part].length} elements of ${part} instead of ${lengths[part]}`);
  return found.length === 0 ? data : `[${rows}, ${columns}] has ${found.join(', ')}`;
}

function parseState(bytes: Uint8Array): z.infer<typeof stateSchema> | string {
  try {
    const parsed = stateSchema.safeParse(JSON.parse(new TextDecoder().decode(bytes)));
    if (parsed.success) return parsed.data;
    return `is not NF4 with double quantisation in blocks of ${BLOCK} and ${NESTED_BLOCK} (${z.prettifyError(parsed.error)})`;
  } catch (thrown) {
    return `has a quantisation state that is no JSON (${thrown instanceof Error ? thrown.message : String(thrown)})`;
  }
}

function bytesOf(tensor: RawTensor | undefined): Uint8Array {
  return tensor?.dtype === 'U8' ? tensor.bytes : new Uint8Array();
}

/** FP4 and 8-bit integers, which bitsandbytes also writes. */
function describeOtherPackings(integers: RawTensors): string[] {
  const other = [...integers.keys()].filter((name) => /\.quant_state\.(?!bitsandbytes__nf4$)/.test(name));
  return other.map((name) => `"${name}" belongs to a kind of packing that Temper does not read`);
}

function cannotUnpack(dir: string, problems: readonly string[]): RunFailure {
  return new RunFailure({
    code: 'bad-model',
    message: `Reading the 4-bit weights in ${dir} failed: ${problems.join('; ')}.`,
    hint: 'Use the original model, or one that bitsandbytes packed as NF4 with double quantisation.',
    file: dir,
  });
}
