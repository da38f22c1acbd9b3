/** Pairs of texts against transformers: the ids, the types, and what BERT makes of them (make_text_pairs.py). */
import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { createRandom } from '../../dataset/seeded-random';
import { packageRoot } from '../../inputs/assets';
import { encodeTexts } from '../../inputs/encode-row';
import { openRowReader } from '../../inputs/row-reader';
import { packBatch } from '../../trainer/batches';
import { attachMethod } from '../../trainer/methods/registry';
import { loadModel } from '../../trainer/model-folder';
import { runBackbone } from '../../trainer/models/run-backbone';
import { createTextClassification } from '../../trainer/tasks/text-classification';
import * as tf from '../../trainer/tensors';
import { temporaryFolder } from '../trainer/temporary-folder';
import { startBackend } from '../trainer/tiny-training';
import { assertClose } from './golden-assertions';
import { goldenDir } from './golden-dir';

const numbers = z.array(z.number());
const fixtureSchema = z.object({
  pairs: z.array(z.tuple([z.string(), z.string(), z.number()])),
  bert: z.array(z.object({ inputs: z.array(z.string()), ids: numbers, typeIds: numbers, state: numbers })),
  roberta: z.object({
    frame: z.record(z.string(), z.unknown()),
    rows: z.array(z.object({ inputs: z.array(z.string()), ids: numbers })),
  }),
});
const fixture = fixtureSchema.parse(JSON.parse(readFileSync(join(goldenDir, 'fixtures', 'text-pairs.json'), 'utf8')));
const { pairs } = fixture;

describe('pairs of texts, against transformers', () => {
  const folder = temporaryFolder('text-pairs');
  before(() => startBackend('wasm'));
  after(() => {
    folder.remove();
  });

  it('are encoded with types by the task, and BERT reads them so', async () => {
    const request = { head: 'sequence-classification', labels: 2, initialWeights: 'pretrained', seed: 0 } as const;
    const model = await loadModel({ model: 'tiny-encoder', projectDir: folder.path, ...request });
    const { architecture, tensors, dir } = model;
    const adapter = attachMethod({ type: 'full' }, { architecture, tensors, modelDir: dir, random: createRandom(0) });
    for (const [index, [text, textPair, maxLength]] of pairs.entries()) {
      const expected = fixture.bert[index] ?? assert.fail();
      const task = createTextClassification(model, ['yes', 'no'], maxLength);
      const row = { kind: 'classification', text, textPair, label: 'no', line: 1 } as const;
      const encoded = task.encode(row, 0);
      assert.deepEqual(
        [[...encoded.ids], [...(encoded.typeIds ?? [])]],
        [expected.ids, expected.typeIds],
        `${text} | ${textPair}`,
      );
      // Beside a row without a pair, whose tokens are all of the first type.
      const { batch } = packBatch([encoded, task.encode({ kind: 'classification', text: 'alone', label: 'yes', line: 2 }, 1)]);
      const states = tf.tidy(() => runBackbone(model.backbone, batch, { tuning: adapter }, 'first-token').x);
      const first = tf.slice(states, [0, 0], [1, -1]);
      const wanted = { shape: [1, expected.state.length], values: Float32Array.from(expected.state) };
      assertClose('the state of the first token', first, wanted, 1e-5);
      tf.dispose([states, first]);
    }
    adapter.dispose();
  });

  it("are not told to RoBERTa's kin, whose tokenizer writes marks between them", async () => {
    const decoder = JSON.parse(readFileSync(join(packageRoot(), 'models', 'tiny-decoder', 'tokenizer.json'), 'utf8')) as object;
    const dir = join(folder.path, 'roberta');
    mkdirSync(dir, { recursive: true });
    writeFileSync(join(dir, 'tokenizer.json'), JSON.stringify({ ...decoder, ...fixture.roberta.frame }));
    writeFileSync(
      join(dir, 'config.json'),
      JSON.stringify({ model_type: 'roberta', max_position_embeddings: 514, pad_token_id: 1 }),
    );
    const reader = (await openRowReader({ projectDir: folder.path, model: dir, maxLength: 9999 })) ?? assert.fail('no reader');
    assert.deepEqual([reader.takesTypes, reader.maxLength], [false, 512]);
    for (const [index, [text, textPair, maxLength]] of pairs.entries()) {
      const expected = fixture.roberta.rows[index] ?? assert.fail();
      assert.ok(!expected.inputs.includes('token_type_ids'));
      assert.deepEqual(encodeTexts({ text, textPair }, reader, maxLength), { ids: Int32Array.from(expected.ids) });
    }
  });
});
