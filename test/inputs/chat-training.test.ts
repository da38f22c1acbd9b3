import assert from 'node:assert/strict';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { packageRoot } from '../../inputs/assets';
import { createChatTemplate, readChatTemplate, type ChatMessage } from '../../inputs/chat-template';
import { renderForTraining } from '../../inputs/chat-training';
import { readTokenizer, type Tokenizer } from '../../inputs/tokenizer';
import { RunFailure } from '../../protocol';
import { missingSource, writeSharedTokenizer } from './shared-tokenizers';
import { temporaryFolder } from '../trainer/temporary-folder';

const folder = temporaryFolder('chat-training');
after(() => {
  folder.remove();
});

const fixtureSchema = z.object({
  templates: z.record(z.string(), z.string()),
  tokenizers: z.record(
    z.string(),
    z.object({
      definition: z.unknown(),
      cases: z.array(
        z.object({
          template: z.string(),
          messages: z.array(z.object({ role: z.string(), content: z.string() })),
          text: z.string(),
          ids: z.array(z.number()),
          mask: z.string(),
        }),
      ),
    }),
  ),
});
const fixtureFile = join(packageRoot(), 'test', 'golden', 'fixtures', 'chat-masks.json');
const fixture = fixtureSchema.parse(JSON.parse(readFileSync(fixtureFile, 'utf8')));
const tokens = { bos: '<s>', eos: '</s>' };
const sourceOf = (name: string) => fixture.templates[name] ?? '';
const withoutBlocks = (source: string) => source.replace(/\{% (end)?generation %\}/g, '');

async function readFixtureTokenizer(name: string, definition: unknown): Promise<Tokenizer> {
  const dir = join(folder.path, name);
  writeSharedTokenizer(dir, name === 'gpt2' ? 'gpt2' : 'tiny-encoder', definition);
  if (name !== 'gpt2') writeFileSync(join(dir, 'tokenizer.json'), JSON.stringify(definition));
  return readTokenizer(dir);
}

describe('a conversation to learn from has the ids and the mask of transformers', () => {
  for (const [name, { definition, cases }] of Object.entries(fixture.tokenizers)) {
    describe(`with a ${name} tokenizer`, () => {
      let tokenizer: Tokenizer;
      before(async function () {
        const missing = name === 'gpt2' ? missingSource('gpt2') : undefined;
        if (missing !== undefined) {
          console.log(`      skipped: ${missing} is missing`);
          this.skip();
        }
        tokenizer = await readFixtureTokenizer(name, definition);
      });

      for (const { template, messages, text, ids, mask } of cases) {
        for (const [how, source] of [
          ['by the blocks of its template', sourceOf(template)],
          ['by rendering turn after turn', withoutBlocks(sourceOf(template))],
        ] as const) {
          it(`${template}, ${messages.map(({ content }) => JSON.stringify(content.slice(0, 9))).join(' ')}, ${how}`, () => {
            const found = renderForTraining(createChatTemplate(source, tokens, template), tokenizer, messages);
            assert.equal(found.text, text);
            assert.deepEqual([...found.ids], ids);
            assert.equal(found.isAssistant.join(''), mask);
          });
        }
      }
    });
  }
});

describe('a conversation to learn from', () => {
  const messages: readonly ChatMessage[] = [
    { role: 'user', content: 'one' },
    { role: 'assistant', content: 'two' },
    { role: 'user', content: 'three' },
    { role: 'assistant', content: 'four' },
  ];
  let tokenizer: Tokenizer;
  before(async () => {
    tokenizer = await readFixtureTokenizer('byte-level', fixture.tokenizers['byte-level']?.definition);
  });
  const learnt = (source: string, conversation = messages) => {
    const { ids, isAssistant } = renderForTraining(createChatTemplate(source, tokens, 'here'), tokenizer, conversation);
    return tokenizer.decode(ids.filter((_, index) => isAssistant[index] === 1));
  };

  it('is what the bundled decoder is taught', async function () {
    const dir = join(packageRoot(), 'models', 'tiny-decoder');
    if (!existsSync(join(dir, 'tokenizer.json'))) {
      console.log(`      skipped: ${dir} is missing`);
      this.skip();
    }
    const own = await readTokenizer(dir);
    const template = await readChatTemplate(dir, own.namedTokens);
    assert.ok(template);
    const { text, ids, isAssistant } = renderForTraining(template, own, messages);
    const said = own.decode(ids.filter((_, index) => isAssistant[index] === 1));
    assert.equal(own.decode(ids), text);
    assert.equal(said, 'two<|im_end|>four<|im_end|>');
  });

  it('leaves a prompt that opens with more than the turn has to the prompt, as far as both agree', () => {
    const source =
      '{% for m in messages %}<|im_start|>{{ m.role }}\n{{ m.content }}<|im_end|>\n{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant\n<think>\n{% endif %}';
    assert.equal(learnt(source), 'two<|im_end|>four<|im_end|>');
  });

  it('learns of a first message of the assistant all that it adds', () => {
    const source = '{% for m in messages %}<|im_start|>{{ m.role }}\n{{ m.content }}<|im_end|>\n{% endfor %}';
    assert.equal(learnt(source, [{ role: 'assistant', content: 'hi' }]), '<|im_start|>assistant\nhi<|im_end|>');
  });

  it('learns nothing where the assistant says nothing', () => {
    assert.equal(learnt(sourceOf('chatml'), [{ role: 'user', content: 'alone' }]), '');
  });

  for (const [what, source, says] of [
    [
      'shortens earlier turns',
      '{% for m in messages %}<|im_start|>{{ m.role }}\n{% if loop.last %}<think></think>{% endif %}{{ m.content }}<|im_end|>\n{% endfor %}',
      /changes a turn when others follow \(message 2 of 4/,
    ],
    [
      'counts its messages first',
      '{{ messages | length }}{% for m in messages %}<|im_start|>{{ m.content }}<|im_end|>{% endfor %}',
      /changes a turn when others follow/,
    ],
  ] as const) {
    it(`is refused when the template ${what}`, () => {
      assert.throws(
        () => learnt(source),
        (thrown) => {
          assert.ok(thrown instanceof RunFailure, String(thrown));
          assert.equal(thrown.error.code, 'bad-model');
          assert.match(thrown.error.message, says);
          return true;
        },
      );
    });
  }

  it('is refused when the tokenizer loses part of the text', async () => {
    const words = { type: 'WordLevel', unk_token: '?', vocab: { '?': 0, one: 1 } };
    const definition = { model: words, pre_tokenizer: { type: 'WhitespaceSplit' } };
    const lossy = await readFixtureTokenizer('words', definition);
    const template = createChatTemplate(sourceOf('chatml'), tokens, 'here');
    assert.throws(() => renderForTraining(template, lossy, messages), /its tokenizer changes the text/);
  });
});
