import assert from 'node:assert/strict';
import { cpSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ModelInputs } from '../../dataset/rules/rule';
import type { DataRow } from '../../dataset/shapes/rows';
import { createRandom } from '../../dataset/seeded-random';
import { packageRoot } from '../../inputs/assets';
import { createLintTools } from '../../inputs/lint-tools';
import { createModelInputs, readModelInputs } from '../../inputs/model-inputs';
import { openRowReader } from '../../inputs/row-reader';
import { temporaryFolder } from '../trainer/temporary-folder';
import { chat } from './rows';

const folder = temporaryFolder('model-inputs');
const projectDir = folder.path;
after(() => {
  folder.remove();
});

const bundled = (name: string) => join(packageRoot(), 'models', name);
const text = (words: string): DataRow => ({ kind: 'classification', line: 1, text: words, label: 'a' });

async function read(model: string, task = 'text-classification', maxLength = 64): Promise<ModelInputs> {
  return (await readModelInputs({ projectDir, model, maxLength, task })) ?? assert.fail('no model');
}

describe('what linting asks of a model', () => {
  it('reads as much as the config says, or the model has positions for, less those that the method takes', async () => {
    const lengthOf = async (maxLength: number, virtualTokens?: number) =>
      (
        await openRowReader({
          projectDir,
          model: 'tiny-encoder',
          maxLength,
          ...(virtualTokens !== undefined && { virtualTokens }),
        })
      )?.maxLength;
    assert.deepEqual(
      [await lengthOf(64), await lengthOf(9999), await lengthOf(9999, 20), await lengthOf(64, 20)],
      [64, 256, 236, 64],
    );
  });

  it('counts the tokens of a row, those that the model adds among them', async () => {
    const inputs = await read('tiny-encoder');
    assert.equal(inputs.countTokens(text('how are you')), 5);
    assert.equal(inputs.countTokens(text('')), 2);
    assert.equal(inputs.countTokens({ kind: 'image', line: 1, image: '/a.png' }), -1);
  });

  it('counts a row once, and another one at another line the same', async () => {
    const reader = (await openRowReader({ projectDir, model: 'tiny-encoder', maxLength: 64 })) ?? assert.fail();
    let counted = 0;
    const tokenizer = {
      ...reader.tokenizer,
      count: (...given: Parameters<typeof reader.tokenizer.count>) => (counted++, reader.tokenizer.count(...given)),
    };
    const inputs = createModelInputs({ ...reader, tokenizer }, 'text-classification');
    const counts = [text('how are you'), { ...text('how are you'), line: 2 }, text('how are you?')].map((row) =>
      inputs.countTokens(row),
    );
    assert.deepEqual([counts, counted], [[5, 5, 6], 2]);
  });

  it('says which rows need no counting: none that is cut is among them, whatever is written', async () => {
    const hostile = ['a', ' ', '.', '\u0800', '\uac01', '\u4e00', '\ud800', 'é', '😀', '각', ' the', ' card'];
    const random = createRandom(5);
    // A Korean syllable is three letters to BERT, and none that this small one knows: it comes to a third of what could be.
    for (const [model, nearest] of [
      ['tiny-encoder', 0.3],
      ['tiny-decoder', 0.8],
    ] as const) {
      const inputs = await read(model);
      assert.ok(inputs.fewestUnitsPerToken > 0.2, String(inputs.fewestUnitsPerToken));
      let closest = 0;
      for (let round = 0; round < 3000; round++) {
        const piece = hostile[random.integer(hostile.length)] ?? '';
        const words = `${piece.repeat(1 + random.integer(40))}${hostile[random.integer(hostile.length)] ?? ''}`;
        const isSkipped = words.length < inputs.maxLength * inputs.fewestUnitsPerToken;
        const tokens = inputs.countTokens(text(words));
        if (isSkipped) closest = Math.max(closest, tokens);
        assert.ok(!isSkipped || tokens <= inputs.maxLength, `${JSON.stringify(words)} has ${tokens} tokens`);
      }
      assert.ok(closest > nearest * inputs.maxLength, `the texts are too easy: ${closest} tokens at the most`);
    }
  });

  it('says that every conversation needs counting, as a template adds what it likes', async () => {
    const inputs = await read('tiny-decoder', 'instruction-tuning');
    assert.equal(inputs.fewestUnitsPerToken, 0);
    assert.ok(inputs.countTokens(chat) > 12);
  });

  it('has no tokens for a conversation that the template refuses', async () => {
    const dir = join(folder.path, 'refusing');
    cpSync(bundled('tiny-decoder'), dir, { recursive: true });
    writeFileSync(join(dir, 'chat_template.jinja'), "{{ raise_exception('no') }}");
    assert.equal((await read('refusing', 'instruction-tuning')).countTokens(chat), -1);
  });

  it('is nothing where there is no model, or none that can be read', async () => {
    const none = (model: string) => readModelInputs({ projectDir, model, maxLength: 64, task: 'text-classification' });
    assert.equal(await none('nowhere'), undefined);
    assert.equal(await none('org/absent-model'), undefined);
    const dir = join(folder.path, 'damaged');
    cpSync(bundled('tiny-encoder'), dir, { recursive: true });
    assert.ok(await none('damaged'));
    writeFileSync(join(dir, 'tokenizer.json'), '{"model":');
    assert.equal(await none('damaged'), undefined);
  });

  it('comes with the tools of linting', async () => {
    const tools = createLintTools();
    const inputs = await tools.readInputs({ projectDir, model: 'tiny-encoder', maxLength: 8, task: 'text-classification' });
    assert.equal(inputs?.maxLength, 8);
    assert.equal((await tools.images.inspect(join(projectDir, 'missing.png'))).kind, 'unreadable');
  });
});
