/** The bundled decoder as a folder: small enough, complete, readable by us, and described truly by its card. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { Template } from '@huggingface/jinja';
import { z } from 'zod';
import { packageRoot } from '../../inputs/assets';
import { readTokenizer, type Tokenizer } from '../../inputs/tokenizer';
import { readSafetensors } from '../../trainer/safetensors';

const dir = join(packageRoot(), 'models', 'tiny-decoder');
const read = (file: string) => readFileSync(join(dir, file), 'utf8');
const files = readdirSync(dir).filter((file) => statSync(join(dir, file)).isFile());

const config = z
  .object({
    model_type: z.literal('llama'),
    vocab_size: z.number(),
    hidden_size: z.number(),
    intermediate_size: z.number(),
    num_hidden_layers: z.number(),
    num_attention_heads: z.number(),
    num_key_value_heads: z.number(),
    max_position_embeddings: z.number(),
    tie_word_embeddings: z.literal(true),
    eos_token_id: z.number(),
  })
  .parse(JSON.parse(read('config.json')));

/** One embedding for both ends; per layer four attention matrices, three of the feed-forward and two norms; a last norm. */
function countByFormula(): number {
  const { hidden_size: hidden, intermediate_size: inner, num_hidden_layers: layers } = config;
  const keyWidth = (hidden / config.num_attention_heads) * config.num_key_value_heads;
  const attention = 2 * hidden * hidden + 2 * hidden * keyWidth;
  return config.vocab_size * hidden + layers * (attention + 3 * hidden * inner + 2 * hidden) + hidden;
}

describe('models/tiny-decoder', () => {
  it('has the files of a generative Hugging Face folder, in at most 15 MB', () => {
    const wanted = ['README.md', 'chat_template.jinja', 'config.json', 'generation_config.json', 'model.safetensors'];
    assert.deepEqual(files.sort(), [...wanted, 'tokenizer.json', 'tokenizer_config.json']);
    const bytes = files.reduce((sum, file) => sum + statSync(join(dir, file)).size, 0);
    assert.ok(bytes <= 15_000_000, `${bytes} bytes`);
  });

  it('holds every weight its configuration asks for, finite and not all alike, and no second copy of the tied one', async () => {
    const tensors = await readSafetensors(join(dir, 'model.safetensors'));
    const sizes = [...tensors.values()].map(({ values }) => values.length);
    assert.equal(
      sizes.reduce((sum, size) => sum + size, 0),
      countByFormula(),
    );
    assert.ok(!tensors.has('lm_head.weight'));
    for (const [name, { values }] of tensors) {
      assert.ok(
        values.every((value) => Number.isFinite(value)),
        name,
      );
      assert.ok(new Set(values.subarray(0, 256)).size > 16, name);
    }
  });

  it('says its true size and number of parameters in its card', () => {
    const card = read('README.md');
    assert.ok(card.includes(`${(countByFormula() / 1e6).toFixed(1)} million parameters`));
    assert.ok(card.includes(`${(statSync(join(dir, 'model.safetensors')).size / 1e6).toFixed(1)} MB`));
  });

  it('names in its card every corpus and the terms it came under', () => {
    const card = read('README.md');
    for (const corpus of ['computationalstylistics/100_english_novels', 'google-research-datasets/dstc8-schema-guided-dialogue', 'tldr-pages/tldr', 'karpathy/char-rnn'])
      assert.ok(card.includes(`github.com/${corpus}`), corpus);
    for (const terms of ['public domain', 'CC BY 4.0', 'CC BY-SA 4.0']) assert.ok(card.includes(terms), terms);
  });
});

describe("tiny-decoder's tokenizer", () => {
  let tokenizer: Tokenizer;
  before(async () => {
    tokenizer = await readTokenizer(dir);
  });

  it('numbers the marks of a chat 0, 1 and 2, and the model stops at the last', () => {
    assert.deepEqual(['<|endoftext|>', '<|im_start|>', '<|im_end|>'].map((token) => tokenizer.idOf(token)), [0, 1, 2]);
    assert.equal(config.eos_token_id, 2);
    assert.equal(tokenizer.vocabularySize, config.vocab_size);
  });

  /** Recorded from tokenizers 0.23 for Python. */
  const recorded: [string, number[]][] = [
    [
      'It was late in the evening when the old man came home.',
      [789, 373, 2865, 308, 274, 1406, 623, 274, 932, 543, 1022, 1624, 16],
    ],
    ['We are open from 10 am to 7 pm.', [1674, 394, 1030, 419, 223, 19, 18, 491, 290, 223, 25, 564, 16]],
    [
      '  two  blanks\n\nand a café — “quoted” 🙂',
      [
        223, 847, 223, 842, 774, 201, 201, 420, 260, 282, 2203, 130, 105, 223, 161, 225, 245, 223, 161, 225, 253, 427, 332, 295,
        161, 225, 254, 223, 175, 256, 250, 227,
      ],
    ],
    ['<|im_start|>user\nHi there!<|im_end|>\n<|im_start|>assistant\n', [1, 316, 201, 42, 75, 471, 3, 2, 201, 1, 318, 201]],
    ["don't we'll I'M 2026-11-23", [70, 277, 617, 467, 820, 300, 9, 47, 223, 20, 18, 20, 24, 15, 19, 19, 15, 20, 21]],
  ];

  for (const [text, ids] of recorded)
    it(`encodes ${JSON.stringify(text)} as the Python library does, and back`, () => {
      assert.deepEqual([...tokenizer.encodeParts(text, { addSpecialTokens: true })], ids);
      assert.equal(tokenizer.decode(ids), text);
    });
});

describe("tiny-decoder's chat template", () => {
  const messages = [
    { role: 'system', content: 'Be brief.' },
    { role: 'user', content: 'When do you open?' },
  ];
  const written = '<|im_start|>system\nBe brief.<|im_end|>\n<|im_start|>user\nWhen do you open?<|im_end|>\n';

  it('writes ChatML, and opens the assistant’s turn when asked to', () => {
    const template = new Template(read('chat_template.jinja'));
    assert.equal(template.render({ messages }), written);
    assert.equal(template.render({ messages, add_generation_prompt: true }), `${written}<|im_start|>assistant\n`);
  });

  it('is the same in tokenizer_config.json, where older programs look', () => {
    const settings = z.object({ chat_template: z.string() }).parse(JSON.parse(read('tokenizer_config.json')));
    assert.equal(settings.chat_template, read('chat_template.jinja'));
  });
});
