/** A real Llama of 260,000 parameters (Karpathy's tinyllamas) tells its story, letter by letter as llama2.c has it. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRandom } from '../../../dataset/seeded-random';
import { generate } from '../../../trainer/generate/generate';
import { attachMethod } from '../../../trainer/methods/registry';
import { readModel } from '../../../trainer/model-folder';
import { configWith, startBackend } from '../tiny-training';
import { temporaryFolder } from '../temporary-folder';
import { convertLlama2c, decodePieces, readPieces } from './llama2c';
import { sharedFile, skipWithout } from './shared-data';

const folderOf = (name: string) => sharedFile('weights-stories260K', name);

describe('stories260K', () => {
  before(function () {
    skipWithout(this, folderOf('stories260K.bin'));
  });

  for (const backend of ['wasm', 'cpu'] as const)
    it(`writes the expected 200 tokens on ${backend}`, async function () {
      this.timeout(120_000);
      await startBackend(backend);
      assert.equal(`${await tell(200)}\n`, `${readFileSync(folderOf('expected-greedy.txt'), 'utf8').trimEnd()}\n`);
    });
});

async function tell(tokens: number): Promise<string> {
  const folder = temporaryFolder('stories260k');
  try {
    convertLlama2c(folderOf('stories260K.bin'), folder.path);
    const model = await readModel(folder.path, { head: 'causal-lm', labels: 0, initialWeights: 'pretrained', seed: 0 });
    const { architecture, tensors, dir } = model;
    const { method } = configWith({ method: { type: 'full' } });
    const adapter = attachMethod(method, { architecture, tensors, modelDir: dir, random: createRandom(0) });
    const [completion] = await generate(model, adapter, [[1]], { maxNewTokens: tokens, stopIds: [1] });
    adapter.dispose();
    return decodePieces(readPieces(folderOf('tok512.bin')), completion?.ids ?? []);
  } finally {
    folder.remove();
  }
}
