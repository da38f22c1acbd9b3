import assert from 'node:assert/strict';
import { findNeededFiles } from '../../../trainer/hub/needed-files';
import type { RemoteFile } from '../../../trainer/hub/repository';
import { failureOf } from './pulling';

const inquiry = {
  name: { repository: 'org/model', revision: 'main' },
  settings: { endpoint: 'https://hub.test', cacheDir: '/cache', token: undefined, timeoutMs: 1, useLinks: true },
};

/** A repository of these paths; of some the content matters. */
function find(paths: readonly string[], contents: Readonly<Record<string, unknown>> = {}): Promise<RemoteFile[]> {
  const files = [...paths, ...Object.keys(contents)].map((path): RemoteFile => {
    return { path, bytes: 1, hash: { kind: 'git', hex: '0'.repeat(40) } };
  });
  const readJson = ({ path }: RemoteFile) => Promise.resolve(contents[path]);
  return findNeededFiles({ inquiry, files: new Map(files.map((file) => [file.path, file])), readJson });
}

const pathsOf = async (finding: Promise<RemoteFile[]>) => (await finding).map(({ path }) => path).sort();

describe('of a repository are needed', () => {
  it('configuration, tokenizer and one copy of the weights', async () => {
    const needed = [
      'config.json',
      'generation_config.json',
      'model.safetensors',
      'tokenizer.json',
      'tokenizer_config.json',
      'vocab.txt',
    ];
    const others = ['.gitattributes', 'README.md', 'pytorch_model.bin', 'tf_model.h5', 'flax_model.msgpack', 'model.onnx'];
    const elsewhere = [
      'onnx/model.onnx',
      'openvino/openvino_model.bin',
      'original/model.safetensors',
      'model-q4.gguf',
      'rust_model.ot',
    ];
    assert.deepEqual(await pathsOf(find([...needed, ...others, ...elsewhere])), needed);
  });

  it('the shards that the index names, each once, and no shard of another index', async () => {
    const shards = ['model-00001-of-00002.safetensors', 'model-00002-of-00002.safetensors'];
    const index = { weight_map: { a: shards[0], b: shards[1], c: shards[0] } };
    const found = await pathsOf(
      find(['config.json', ...shards, 'model.fp16-00001-of-00001.safetensors'], { 'model.safetensors.index.json': index }),
    );
    assert.deepEqual(found, ['config.json', ...shards, 'model.safetensors.index.json']);
  });

  it('the whole file where there are shards as well', async () => {
    const found = await pathsOf(
      find(['config.json', 'model.safetensors', 'a.safetensors'], { 'model.safetensors.index.json': {} }),
    );
    assert.deepEqual(found, ['config.json', 'model.safetensors']);
  });

  it('the modules of a sentence-transformers model', async () => {
    const modules = ['', '1_Pooling', '2_Dense', '3_Normalize'].map((path) => ({ path, type: 'sentence_transformers.models.X' }));
    const needed = [
      '1_Pooling/config.json',
      '2_Dense/config.json',
      '2_Dense/model.safetensors',
      'config.json',
      'model.safetensors',
    ];
    const found = await pathsOf(
      find([...needed, '2_Dense/pytorch_model.bin', 'sentence_bert_config.json'], { 'modules.json': modules }),
    );
    assert.deepEqual(found, [...needed, 'modules.json', 'sentence_bert_config.json'].sort());
  });

  it('the encoder of an old sentence-transformers model, which lies in a folder', async () => {
    const needed = [
      '0_Transformer/config.json',
      '0_Transformer/model.safetensors',
      '0_Transformer/tokenizer.json',
      '1_Pooling/config.json',
    ];
    const modules = [{ path: '0_Transformer' }, { path: '1_Pooling/' }];
    assert.deepEqual(await pathsOf(find(needed, { 'modules.json': modules })), [...needed, 'modules.json']);
  });

  it('adapters, chat templates and what images need', async () => {
    const adapter = ['adapter_config.json', 'adapter_model.safetensors'];
    assert.deepEqual(await pathsOf(find([...adapter, 'adapter_model.bin', 'optimizer.pt'])), adapter);
    const vision = ['additional_chat_templates/tool.jinja', 'chat_template.jinja', 'config.json', 'model.safetensors'];
    const images = ['preprocessor_config.json', 'processor_config.json'];
    assert.deepEqual(await pathsOf(find([...vision, ...images])), [...vision, ...images].sort());
  });
});

describe('a repository is refused', () => {
  const refused: [string, Promise<unknown>, RegExp][] = [
    ['that has only pickles', find(['config.json', 'pytorch_model.bin']), /no weights as safetensors, only pytorch_model\.bin/],
    [
      'that has many other formats',
      find(['config.json', 'a.gguf', 'b.gguf', 'c.onnx', 'd.h5']),
      /only a\.gguf, b\.gguf, c\.onnx and 1 more/,
    ],
    ['that has no weights', find(['config.json', 'README.md']), /no weights as safetensors, nor in any other format/],
    ['that is no model', find(['README.md', 'model.safetensors']), /neither a config\.json nor an adapter_config\.json/],
    [
      'whose index names shards that it lacks',
      find(['config.json'], { 'model.safetensors.index.json': { weight_map: { a: 'x.safetensors', b: 'y.safetensors' } } }),
      /names x\.safetensors, y\.safetensors, which it does not have/,
    ],
    [
      'whose index is none',
      find(['config.json'], { 'model.safetensors.index.json': { weights: 1 } }),
      /model\.safetensors\.index\.json is not an index of shards/,
    ],
    [
      'of which one module is a pickle',
      find(['config.json', 'model.safetensors', '2_Dense/config.json', '2_Dense/pytorch_model.bin'], {
        'modules.json': [{ path: '' }, { path: '2_Dense' }],
      }),
      /its part 2_Dense\/ has its weights only as 2_Dense\/pytorch_model\.bin/,
    ],
    ['whose modules are none', find(['config.json', 'model.safetensors'], { 'modules.json': {} }), /modules\.json is not a list/],
  ];
  for (const [what, finding, message] of refused) {
    const failure = failureOf(finding);
    it(what, async () => {
      assert.match((await failure).message, message);
      assert.match((await failure).hint, /safetensors/);
    });
  }
});
