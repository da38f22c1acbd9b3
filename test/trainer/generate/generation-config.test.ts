/** generation_config.json as folders have it, and what becomes of it when nobody asks for chance. */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { completeSampling, readGenerationDefaults } from '../../../trainer/generate/generation-config';
import { temporaryFolder } from '../temporary-folder';

describe('readGenerationDefaults', () => {
  it('reads one token that ends a text or several', async () => {
    assert.deepEqual((await read({ eos_token_id: 2 })).stopIds, [2]);
    assert.deepEqual((await read({ eos_token_id: [151645, 151643] })).stopIds, [151645, 151643]);
    assert.deepEqual((await read({})).stopIds, []);
    assert.deepEqual((await read({ eos_token_id: null })).stopIds, []);
  });

  it('looks into config.json where an old folder says it', async () => {
    assert.deepEqual((await read(undefined, { eos_token_id: 50256 })).stopIds, [50256]);
    assert.deepEqual((await read({ bos_token_id: 1 }, { eos_token_id: [3] })).stopIds, [3]);
    assert.deepEqual((await read({ eos_token_id: null }, { eos_token_id: 3 })).stopIds, [3]);
    assert.deepEqual((await read({ eos_token_id: 4 }, { eos_token_id: 3 })).stopIds, [4]);
    assert.deepEqual((await read(undefined, undefined)).stopIds, []);
  });

  it('refuses what is no such file, naming it', async () => {
    await assert.rejects(read({ eos_token_id: 'two' }), {
      name: 'RunFailure',
      message: /generation_config\.json failed.*eos_token_id/s,
    });
    await assert.rejects(read('{', {}), { name: 'RunFailure', message: /generation_config\.json failed/ });
  });
});

describe('completeSampling', () => {
  const file = { do_sample: true, temperature: 0.7, top_p: 0.8, top_k: 20, repetition_penalty: 1.05 };

  it('is greedy unless somebody asks, even where the folder would sample', async () => {
    const defaults = await read(file);
    const plain = { temperature: 0, topP: 1, topK: 0, repetitionPenalty: 1.05 };
    assert.deepEqual(completeSampling({}, defaults), plain);
    assert.deepEqual(completeSampling({ temperature: 0, topP: 0.5 }, defaults), plain);
    assert.deepEqual(completeSampling({ repetitionPenalty: 1 }, defaults), { ...plain, repetitionPenalty: 1 });
  });

  it('takes from the folder what who asks to sample leaves open', async () => {
    const defaults = await read(file);
    assert.deepEqual(completeSampling({ temperature: 1.2 }, defaults), {
      temperature: 1.2,
      topP: 0.8,
      topK: 20,
      repetitionPenalty: 1.05,
    });
    assert.deepEqual(completeSampling({ topP: 0.9 }, defaults), {
      temperature: 0.7,
      topP: 0.9,
      topK: 20,
      repetitionPenalty: 1.05,
    });
    assert.deepEqual(completeSampling({ topK: 5 }, await read({})), { temperature: 1, topP: 1, topK: 5, repetitionPenalty: 1 });
  });
});

/** What a folder with these files says. */
async function read(generation?: unknown, config?: unknown) {
  const folder = temporaryFolder('generation-config');
  const write = (name: string, content: unknown) => {
    if (content !== undefined)
      writeFileSync(join(folder.path, name), typeof content === 'string' ? content : JSON.stringify(content));
  };
  try {
    write('generation_config.json', generation);
    write('config.json', config);
    return await readGenerationDefaults(folder.path);
  } finally {
    folder.remove();
  }
}
