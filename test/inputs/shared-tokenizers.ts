/**
 * The tokenizers of ../shared/data as model folders: two lie there as tokenizer.json; of the others the tables do, and the
 * frame around them comes from the fixture that test/golden/make_tokenizers.py wrote.
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { packageRoot } from '../../inputs/assets';

export const sharedData = join(packageRoot(), '..', 'shared', 'data');
const shared = (...path: string[]) => join(sharedData, ...path);

interface Definition {
  model: { vocab: unknown; merges?: unknown };
  normalizer: { normalizers: Record<string, unknown>[] } | null;
}

/** Where each comes from, and what fills its frame. */
const sources: Readonly<Record<string, { file: string; fill?: (definition: Definition, bytes: Buffer) => void }>> = {
  'tiny-encoder': { file: join(packageRoot(), 'models', 'tiny-encoder', 'tokenizer.json') },
  'tiny-decoder': { file: join(packageRoot(), 'models', 'tiny-decoder', 'tokenizer.json') },
  'bert-base-uncased': { file: shared('tok-bert-tokenizerjson', 'bert-base-uncased.json') },
  'all-minilm-l6-v2': { file: shared('tok-bert-tokenizerjson', 'all-minilm-l6-v2.json') },
  gpt2: { file: shared('tok-gpt2', 'encoder.json'), fill: fillGpt2 },
  clip: { file: shared('tok-clip', 'clip', 'bpe_simple_vocab_16e6.txt.gz'), fill: fillClip },
  test_model: { file: shared('tok-sentencepiece', 'python', 'test', 'test_model.model'), fill: fillUnigram },
  test_ja_model: { file: shared('tok-sentencepiece', 'python', 'test', 'test_ja_model.model'), fill: fillUnigram },
};

/** The file that is not there, if there is one. */
export function missingSource(name: string): string | undefined {
  const file = sources[name]?.file;
  return file !== undefined && existsSync(file) ? undefined : file;
}

/** Writes tokenizer.json, and the settings beside it, into the folder. Returns the folder. */
export function writeSharedTokenizer(dir: string, name: string, frame?: unknown, settings: object = {}): string {
  const source = sources[name];
  if (source === undefined) throw new Error(`There is no tokenizer ${name} here.`);
  const bytes = readFileSync(source.file);
  mkdirSync(dir, { recursive: true });
  writeFileSync(join(dir, 'tokenizer_config.json'), JSON.stringify(settings));
  if (source.fill === undefined) {
    writeFileSync(join(dir, 'tokenizer.json'), bytes);
    return dir;
  }
  const definition = structuredClone(frame) as Definition; // written by our own script
  source.fill(definition, bytes);
  writeFileSync(join(dir, 'tokenizer.json'), JSON.stringify(definition));
  return dir;
}

function fillGpt2(definition: Definition, encoder: Buffer): void {
  definition.model.vocab = JSON.parse(encoder.toString());
  const lines = readFileSync(shared('tok-gpt2', 'vocab.bpe'), 'utf8').split('\n');
  definition.model.merges = lines.slice(1).filter((line) => line !== '');
}

function fillClip(definition: Definition, table: Buffer): void {
  const merges = gunzipSync(table)
    .toString()
    .split('\n')
    .slice(1, 49152 - 256 - 2 + 1);
  const letters = byteLetters();
  const tokens = [
    ...letters,
    ...letters.map((letter) => `${letter}</w>`),
    ...merges.map((merge) => merge.replace(' ', '')),
    '<|startoftext|>',
    '<|endoftext|>',
  ];
  definition.model.vocab = Object.fromEntries(tokens.map((token, id) => [token, id]));
  definition.model.merges = merges;
}

/** GPT-2's letter for each byte, printable ones first, as themselves; the others take letters from 256 on. */
function byteLetters(): string[] {
  const isPrintable = (byte: number) => (byte >= 33 && byte <= 126) || (byte >= 161 && byte <= 172) || byte >= 174;
  const bytes = Array.from({ length: 256 }, (_, byte) => byte);
  const others = bytes.filter((byte) => !isPrintable(byte)).map((_, index) => 256 + index);
  return [...bytes.filter(isPrintable), ...others].map((code) => String.fromCodePoint(code));
}

function fillUnigram(definition: Definition, proto: Buffer): void {
  const fields = readProto(proto);
  definition.model.vocab = fields
    .filter(({ field }) => field === 1)
    .map(({ bytes }) => {
      const piece = readProto(bytes);
      const text = piece.find(({ field }) => field === 1)?.bytes.toString() ?? '';
      return [text, piece.find(({ field }) => field === 2)?.bytes.readFloatLE() ?? 0];
    });
  const normalizer = readProto(fields.find(({ field }) => field === 3)?.bytes ?? Buffer.alloc(0));
  const table = normalizer.find(({ field }) => field === 2)?.bytes.toString('base64');
  for (const part of definition.normalizer?.normalizers ?? []) {
    if (part['type'] === 'Precompiled') part['precompiled_charsmap'] = table;
  }
}

/** The fields of a protocol buffer, as bytes: https://protobuf.dev/programming-guides/encoding */
function readProto(proto: Buffer): { field: number; bytes: Buffer }[] {
  const fields: { field: number; bytes: Buffer }[] = [];
  let at = 0;
  const readNumber = () => {
    let value = 0;
    for (let shift = 1; ; shift *= 128) {
      const byte = proto[at++] ?? 0;
      value += (byte & 127) * shift;
      if (byte < 128) return value;
    }
  };
  while (at < proto.length) {
    const tag = readNumber();
    const from = at;
    if ((tag & 7) === 0) readNumber();
    else if ((tag & 7) === 1) at += 8;
    else if ((tag & 7) === 5) at += 4;
    else at = readNumber() + at; // the length is read first: it moves the place
    const length = { 0: 0, 1: 8, 5: 4 }[tag & 7];
    fields.push({ field: tag >> 3, bytes: length === undefined ? payload(proto, from, at) : proto.subarray(from, at) });
  }
  return fields;
}

/** Behind the length, which takes as many bytes as have their high bit set, and one more. */
function payload(proto: Buffer, from: number, to: number): Buffer {
  let start = from;
  while (((proto[start] ?? 0) & 128) !== 0) start++;
  return proto.subarray(start + 1, to);
}
