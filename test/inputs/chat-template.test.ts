import assert from 'node:assert/strict';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { mock } from 'node:test';
import { z } from 'zod';
import { createChatTemplate, readChatTemplate, type ChatMessage } from '../../inputs/chat-template';
import { RunFailure } from '../../protocol';
import { sharedData } from './shared-tokenizers';
import { temporaryFolder } from '../trainer/temporary-folder';

const folder = temporaryFolder('chat');
const at = (name: string) => join(folder.path, name);
const settings = at('tokenizer_config.json');
after(() => {
  folder.remove();
});
/** In each describe: outside of one, it would run around the tests of every file. */
function inEmptyFolder(): void {
  beforeEach(() => {
    for (const name of ['chat_template.jinja', 'tokenizer_config.json', 'chat_template.json']) rmSync(at(name), { force: true });
  });
}

const hello: readonly ChatMessage[] = [{ role: 'user', content: 'hello' }];
const read = (tokens = {}) => readChatTemplate(folder.path, tokens);
const rendered = async (options = {}) => (await read())?.renderChat(hello, options);

describe('the chat template of a model folder', () => {
  inEmptyFolder();
  it('is absent from a base model', async () => {
    assert.equal(await read(), undefined);
    writeFileSync(settings, JSON.stringify({ chat_template: null, eos_token: '</s>' }));
    assert.equal(await read(), undefined);
  });

  it('comes from its own file, else from the settings, else from the old file', async () => {
    writeFileSync(at('chat_template.json'), JSON.stringify({ chat_template: 'oldest' }));
    assert.equal(await rendered(), 'oldest');
    writeFileSync(settings, JSON.stringify({ chat_template: 'older' }));
    assert.equal(await rendered(), 'older');
    writeFileSync(at('chat_template.jinja'), 'new');
    assert.equal(await rendered(), 'new');
  });

  it('can be one of several: that for tools when there are tools', async () => {
    const templates = [
      { name: 'default', template: 'plain' },
      { name: 'tool_use', template: '{{ tools[0].name }}' },
    ];
    writeFileSync(settings, JSON.stringify({ chat_template: templates }));
    assert.equal(await rendered(), 'plain');
    assert.equal(await rendered({ tools: [{ name: 'search' }] }), 'search');
  });

  it('sees messages, tokens, tools, documents, the prompt and variables of its own', async () => {
    writeFileSync(
      at('chat_template.jinja'),
      '{{ bos_token }}{{ messages[0].content }}{% if tools is none %} no tools{% endif %}' +
        '{% for document in documents or [] %} {{ document.title }}{% endfor %}{% if add_generation_prompt %} go{% endif %}' +
        '{% if enable_thinking is defined %} {{ enable_thinking }}{% endif %}',
    );
    const template = await read({ bos: '<s>' });
    assert.equal(template?.renderChat(hello), '<s>hello no tools');
    assert.equal(
      template.renderChat(hello, {
        addGenerationPrompt: true,
        documents: [{ title: 'one' }],
        tools: [{}],
        variables: { enable_thinking: 'maybe' },
      }),
      '<s>hello one go maybe',
    );
  });

  for (const [what, files, says] of [
    ['is no Jinja', { 'chat_template.jinja': '{% for %}' }, 'the chat template "default" is not valid Jinja'],
    ['is left open', { 'chat_template.jinja': '{% if messages %}' }, 'is not valid Jinja'],
    [
      'is a number',
      { 'tokenizer_config.json': '{"chat_template": 3}' },
      'its chat_template is no text, nor a list of named ones',
    ],
    ['has no name', { 'tokenizer_config.json': '{"chat_template": [{"template": "x"}]}' }, 'nor a list of named ones'],
    ['is none of an empty list', { 'tokenizer_config.json': '{"chat_template": []}' }, 'its list of chat templates is empty'],
    [
      'has only other names',
      { 'tokenizer_config.json': '{"chat_template": [{"name":"rag","template":"x"}]}' },
      'is called "default" (rag)',
    ],
    ['stands in settings that are not JSON', { 'tokenizer_config.json': '{' }, 'JSON'],
  ] as const) {
    it(`is refused, with its file, when it ${what}`, async () => {
      for (const [name, content] of Object.entries(files)) writeFileSync(at(name), content);
      await assert.rejects(read(), (thrown) => {
        assert.ok(thrown instanceof RunFailure, String(thrown));
        assert.equal(thrown.error.code, 'bad-model');
        assert.equal(thrown.error.file, at(Object.keys(files)[0] ?? ''));
        assert.ok(thrown.error.message.includes(says), thrown.error.message);
        return true;
      });
    });
  }

  it('may refuse a conversation, in its own words', async () => {
    writeFileSync(at('chat_template.jinja'), "{{ raise_exception('Roles must alternate.') }}");
    const template = await read();
    assert.throws(
      () => template?.renderChat(hello),
      (thrown) => {
        assert.ok(thrown instanceof RunFailure);
        assert.equal(thrown.error.code, 'bad-data');
        assert.match(thrown.error.message, /refused a conversation of 1 messages \(user\): Roles must alternate\./);
        return true;
      },
    );
  });

  it('says with blocks what the assistant generates, and renders the same with them as without', () => {
    const blocks = '{%- for m in messages %}\n  {% generation %}\n{{ m.content }}!\n  {%- endgeneration %}\n\n;\n{% endfor %}';
    const template = createChatTemplate(blocks, {}, 'here');
    assert.equal(template.marksGeneration, true);
    assert.equal(template.renderMarked(hello), '\ufdd0hello!\ufdd1\n;\n');
    assert.equal(createChatTemplate('{{ 1 }}', {}, 'here').marksGeneration, false);
  });
});

/** Recorded by huggingface.js from transformers, and from the models' own cards. */
const vectorsFile = join(sharedData, 'chat-template-vectors', 'chat-template-vectors.json');
const vectorSchema = z.object({
  chat_template: z.string(),
  data: z.record(z.string(), z.unknown()).optional(),
  target: z.string(),
});
const vectorsSchema = z.record(z.string(), z.record(z.string(), vectorSchema));
/** By group and model, where ours differs from the recording, and why. One that starts to match must be taken out. */
const exceptions: Readonly<Record<string, string>> = {
  'custom_templates ai21labs/AI21-Jamba-Large-1.6':
    'recorded without add_generation_prompt, which this template then takes for true; transformers always says which, as Temper does',
};

describe('the chat templates of known models (skipped where ../shared is not there)', () => {
  inEmptyFolder();
  before(function () {
    if (!existsSync(vectorsFile)) {
      console.log(`      skipped: ${vectorsFile} is missing`);
      this.skip();
    }
    mock.timers.enable({ apis: ['Date'], now: new Date('2025-07-10T12:00:00.000Z') }); // some print the date
  });
  after(() => {
    mock.timers.reset();
  });

  it('render as recorded, or are listed with their reasons', () => {
    const different: string[] = [];
    let compared = 0;
    for (const [group, cases] of Object.entries(vectorsSchema.parse(JSON.parse(readFileSync(vectorsFile, 'utf8'))))) {
      for (const [model, vector] of Object.entries(cases)) {
        if (vector.data === undefined) continue; // how the library prints a template: nothing that we use
        if (renderVector(vector.chat_template, vector.data) !== vector.target) different.push(`${group} ${model}`);
        compared++;
      }
    }
    assert.deepEqual(different, Object.keys(exceptions));
    assert.ok(compared >= 53, `${compared} compared`);
  });
});

function renderVector(source: string, data: Readonly<Record<string, unknown>>): string {
  const { messages, add_generation_prompt, tools, documents, bos_token, eos_token, ...variables } = data;
  const tokens = {
    ...(typeof bos_token === 'string' && { bos: bos_token }),
    ...(typeof eos_token === 'string' && { eos: eos_token }),
  };
  const template = createChatTemplate(source, tokens, 'vector');
  return template.renderChat(messages as ChatMessage[], {
    addGenerationPrompt: data['add_generation_prompt'] === true,
    ...(Array.isArray(tools) && { tools: tools as unknown[] }),
    ...(Array.isArray(documents) && { documents: documents as unknown[] }),
    variables,
  });
}
