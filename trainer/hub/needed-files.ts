/**
 * Which files of a repository a model consists of: configuration, tokenizer, weights as safetensors, and the same for each
 * module of a sentence-transformers model. Never pickles, ONNX or GGUF: they are larger, and pickles run code.
 */
import { z } from 'zod';
import { notAModel, unsafeName, type Inquiry } from './failures';
import { isSafePath, type RemoteFile } from './repository';

/** In the root, and in the folder of each module. */
const smallFiles = [
  'config.json',
  'generation_config.json',
  'adapter_config.json',
  'tokenizer.json',
  'tokenizer_config.json',
  'special_tokens_map.json',
  'added_tokens.json',
  'vocab.txt',
  'vocab.json',
  'merges.txt',
  'tokenizer.model',
  'spiece.model',
  'sentencepiece.bpe.model',
  'chat_template.jinja',
  'chat_template.json',
  'preprocessor_config.json',
  'processor_config.json',
  'modules.json',
  'sentence_bert_config.json',
  'config_sentence_transformers.json',
];
const weightFiles = ['model.safetensors', 'adapter_model.safetensors'];
const indexFile = 'model.safetensors.index.json';
const pickles = /\.(?:bin|pt|pth|ckpt)$/;

const modulesSchema = z.array(z.object({ path: z.string() }));
const indexSchema = z.object({ weight_map: z.record(z.string(), z.string()) });

export interface Listing {
  readonly inquiry: Inquiry;
  readonly files: ReadonlyMap<string, RemoteFile>;
  /** The content of a small file of the repository, unparsed. */
  readonly readJson: (file: RemoteFile) => Promise<unknown>;
}

/** @throws RunFailure 'download-failed' when it is no model, or none in safetensors */
export async function findNeededFiles(listing: Listing): Promise<RemoteFile[]> {
  const folders = ['', ...(await findModules(listing))];
  const needed = new Map(chatTemplates(listing).map((file) => [file.path, file]));
  let hasWeights = false;
  for (const folder of folders) {
    const weights = await findWeights(listing, folder);
    hasWeights ||= weights.length > 0;
    for (const file of [...smallFiles.flatMap((name) => listing.files.get(folder + name) ?? []), ...weights])
      needed.set(file.path, file);
  }
  if (!needed.has('config.json') && !needed.has('adapter_config.json') && folders.length === 1)
    throw notAModel(listing.inquiry, 'it has neither a config.json nor an adapter_config.json');
  if (!hasWeights) throw notAModel(listing.inquiry, `it has no weights as safetensors${whatInstead(listing)}`);
  return [...needed.values()];
}

/** A tokenizer with several templates keeps all but the first in a folder. */
function chatTemplates({ files }: Listing): RemoteFile[] {
  return [...files.values()].filter(({ path }) => /^additional_chat_templates\/[^/]+\.jinja$/.test(path));
}

/** The folders of sentence-transformers' steps, each with a slash at its end; the first step often lies in the root. */
async function findModules({ inquiry, files, readJson }: Listing): Promise<string[]> {
  const file = files.get('modules.json');
  if (file === undefined) return [];
  const modules = modulesSchema.safeParse(await readJson(file));
  if (!modules.success) throw notAModel(inquiry, `its modules.json is not a list of modules: ${z.prettifyError(modules.error)}`);
  const paths = modules.data.map(({ path }) => path.replace(/\/$/, '')).filter((path) => path !== '');
  for (const path of paths) if (!isSafePath(path)) throw unsafeName(inquiry, path);
  return paths.map((path) => `${path}/`);
}

async function findWeights(listing: Listing, folder: string): Promise<RemoteFile[]> {
  const { files, inquiry } = listing;
  const single = weightFiles.flatMap((name) => files.get(folder + name) ?? []);
  const index = files.get(folder + indexFile);
  if (!files.has(`${folder}model.safetensors`) && index !== undefined)
    return [...single, index, ...(await findShards(listing, folder, index))];
  const isModule = folder !== '' && files.has(`${folder}config.json`);
  const pickle = [...files.keys()].find((path) => path.startsWith(folder) && pickles.test(path));
  if (isModule && single.length === 0 && pickle !== undefined)
    throw notAModel(inquiry, `its part ${folder} has its weights only as ${pickle}`);
  return single;
}

/** The index is a file of the server's, too: what it names must be in the list. */
async function findShards({ inquiry, files, readJson }: Listing, folder: string, index: RemoteFile): Promise<RemoteFile[]> {
  const parsed = indexSchema.safeParse(await readJson(index));
  if (!parsed.success) throw notAModel(inquiry, `${index.path} is not an index of shards: ${z.prettifyError(parsed.error)}`);
  const names = [...new Set(Object.values(parsed.data.weight_map))].sort();
  for (const name of names) if (!isSafePath(name)) throw unsafeName(inquiry, name);
  const missing = names.filter((name) => !files.has(folder + name));
  if (missing.length > 0) throw notAModel(inquiry, `${index.path} names ${missing.join(', ')}, which it does not have`);
  return names.flatMap((name) => files.get(folder + name) ?? []);
}

function whatInstead({ files }: Listing): string {
  const others = [...files.keys()].filter((path) => /\.(?:bin|pt|pth|ckpt|h5|msgpack|onnx|gguf|safetensors)$/.test(path));
  if (others.length === 0) return ', nor in any other format';
  const shown = others.slice(0, 3).join(', ');
  return `, only ${shown}${others.length > 3 ? ` and ${others.length - 3} more` : ''}`;
}
