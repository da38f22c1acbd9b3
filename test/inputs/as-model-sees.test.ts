import assert from 'node:assert/strict';
import type { DataRow } from '../../dataset/shapes/rows';
import { describeRow, type SeenRow, type SeenSequence } from '../../inputs/as-model-sees';
import { openRowReader } from '../../inputs/row-reader';
import { RunFailure } from '../../protocol';
import { chat, imageRow } from './rows';

async function see(
  model: string,
  row: DataRow,
  options: { maxLength?: number; maxTokens?: number; labels?: string[] } = {},
): Promise<SeenRow> {
  const { maxLength = 64, maxTokens = 100, labels } = options;
  const reader = (await openRowReader({ projectDir: '/', model, maxLength })) ?? assert.fail(`no ${model}`);
  return describeRow(row, reader, { maxTokens, labels });
}

async function seeOne(...given: Parameters<typeof see>): Promise<SeenSequence> {
  const { sequences } = await see(...given);
  assert.equal(sequences.length, 1);
  return sequences[0] ?? assert.fail();
}

const textsOf = ({ tokens }: SeenSequence) => tokens.map(({ text }) => text);
const learntOf = ({ tokens }: SeenSequence) => tokens.filter(({ isLearnt }) => isLearnt).map(({ text }) => text);

describe('a row as the model sees it', () => {
  it('is the tokens of a text with their ids, and its label with the number of its class', async () => {
    const row: DataRow = { kind: 'classification', line: 1, text: 'How are you?', label: 'late' };
    const { sequences, labels } = await see('tiny-encoder', row, { labels: ['early', 'late'] });
    const [sequence] = sequences;
    assert.deepEqual(sequence && textsOf(sequence), ['[CLS]', 'how', 'are', 'you', '?', '[SEP]']);
    assert.deepEqual(sequence?.tokens[1], { id: 333, text: 'how', isSpecial: false, isLearnt: false });
    assert.deepEqual(
      sequence?.tokens.map(({ isSpecial }) => isSpecial),
      [true, false, false, false, false, true],
    );
    assert.deepEqual([sequence?.tokenCount, sequence?.unlisted, sequence?.learntTokens, sequence?.lost], [6, 0, 0, undefined]);
    assert.deepEqual(labels, [{ name: 'late', index: 1 }]);
    assert.deepEqual((await see('tiny-encoder', { ...row, label: 'lte' }, { labels: ['late'] })).labels, [
      { name: 'lte', index: undefined },
    ]);
    assert.deepEqual((await see('tiny-encoder', row)).labels, [{ name: 'late', index: undefined }]);
  });

  it('ends where it is cut, and says what is lost', async () => {
    const row: DataRow = { kind: 'classification', line: 1, text: 'How are you now, my friend?', label: 'a' };
    const sequence = await seeOne('tiny-encoder', row, { maxLength: 5 });
    assert.deepEqual(textsOf(sequence), ['[CLS]', 'how', 'are', 'you', '[SEP]']);
    assert.deepEqual([sequence.tokenCount, sequence.maxLength, sequence.lost], [10, 5, 'now, my friend?']);
  });

  it('lists no more tokens than asked for, and counts the rest of those that are read', async () => {
    const row: DataRow = { kind: 'text', line: 1, text: 'one two three four five six seven eight nine ten' };
    const sequence = await seeOne('tiny-decoder', row, { maxLength: 9, maxTokens: 4 });
    assert.deepEqual([sequence.tokens.length, sequence.unlisted, sequence.learntTokens], [4, 5, 8]);
    assert.equal(sequence.tokens[0]?.isLearnt, false);
    assert.ok(sequence.tokenCount > 9);
  });

  it('tells the texts of a pair apart', async () => {
    const row: DataRow = { kind: 'classification', line: 1, text: 'how', textPair: 'are you', label: 'a' };
    const { tokens } = await seeOne('tiny-encoder', row);
    assert.deepEqual(
      tokens.map(({ text, typeId }) => `${text} ${typeId}`),
      ['[CLS] 0', 'how 0', '[SEP] 0', 'are 1', 'you 1', '[SEP] 1'],
    );
  });

  it('is the whole conversation as the template writes it, with the words of the assistant marked and learnt', async () => {
    const sequence = await seeOne('tiny-decoder', chat);
    assert.deepEqual(sequence.rendered, [
      { text: '<|im_start|>user\nWhat is 2 + 2?<|im_end|>\n<|im_start|>assistant\n', isAssistant: false },
      { text: 'It is 4.<|im_end|>', isAssistant: true },
      { text: '\n', isAssistant: false },
    ]);
    assert.equal(learntOf(sequence).join(''), 'It is 4.<|im_end|>');
    assert.equal(sequence.learntTokens, learntOf(sequence).length);
    assert.equal(textsOf(sequence).join(''), sequence.rendered?.map(({ text }) => text).join(''));
  });

  it('never learns the first token, as nothing stands before it', async () => {
    const { tokens } = await seeOne('tiny-decoder', { kind: 'chat', line: 1, messages: chat.messages.slice(1) });
    assert.deepEqual([tokens[0]?.isLearnt, tokens[1]?.isLearnt], [false, true]);
  });

  it('learns nothing of an answer that is cut off', async () => {
    const sequence = await seeOne('tiny-decoder', chat, { maxLength: 10 });
    assert.deepEqual([sequence.learntTokens, sequence.tokens.length], [0, 10]);
    assert.ok(sequence.lost?.endsWith('It is 4.<|im_end|>\n'), sequence.lost);
  });

  it('compares two answers, and learns from the answers alone', async () => {
    const said = (content: string) => ({ role: 'assistant', content });
    const asked = (content: string) => ({ role: 'user', content });
    const row: DataRow = {
      kind: 'preference',
      line: 1,
      prompt: [asked('Hi'), said('Hello'), asked('Bye')],
      chosen: [said('Bye!')],
      rejected: [said('No.')],
    };
    const { sequences } = await see('tiny-decoder', row);
    assert.deepEqual(
      sequences.map((sequence) => [sequence.role, learntOf(sequence).join('')]),
      [
        ['chosen', 'Bye!<|im_end|>'],
        ['rejected', 'No.<|im_end|>'],
      ],
    );
    assert.deepEqual(
      sequences[0]?.rendered?.filter(({ isAssistant }) => isAssistant),
      [{ text: 'Bye!<|im_end|>', isAssistant: true }],
    );
    const liked: DataRow = {
      kind: 'unpaired-preference',
      line: 1,
      prompt: [asked('Hi')],
      completion: [said('Ho')],
      isLiked: true,
    };
    assert.deepEqual((await see('tiny-decoder', liked)).labels, [{ name: 'liked', index: undefined }]);
  });

  it('has a tag on the first token of each word', async () => {
    const row: DataRow = { kind: 'token-tags', line: 1, tokens: ['in', 'Hannover'], tags: ['O', 'B-LOC'] };
    const { tokens, learntTokens } = await seeOne('tiny-encoder', row);
    assert.deepEqual(
      tokens.flatMap(({ tag }) => tag ?? []),
      ['O', 'B-LOC'],
    );
    assert.ok(tokens.length > 4, 'Hannover is one token; take another city');
    assert.equal(learntTokens, 2);
  });

  it('has the three texts of a triplet, and no tokens for an image', async () => {
    const row: DataRow = { kind: 'embedding', line: 1, anchor: 'a', positive: 'b', negative: 'c' };
    assert.deepEqual(
      (await see('tiny-encoder', row)).sequences.map(({ role }) => role),
      ['anchor', 'positive', 'negative'],
    );
    assert.deepEqual(await see('tiny-encoder', imageRow, { labels: ['dog', 'cat'] }), {
      sequences: [],
      labels: [{ name: 'cat', index: 1 }],
    });
  });

  it('shows bytes as the letters they make, and half a letter as the vocabulary has it', async () => {
    const row: DataRow = { kind: 'text', line: 1, text: 'ein Café 😀' };
    const texts = textsOf(await seeOne('tiny-decoder', row));
    assert.ok(texts.join('').startsWith('ein Caf'), texts.join('|'));
    assert.ok(!texts.some((text) => text.includes('\ufffd')), texts.join('|'));
    assert.ok(texts.includes('Ł'), texts.join('|')); // the second byte of 😀
  });

  it('is refused with a reason where the model cannot tell who said what', async () => {
    await assert.rejects(see('tiny-encoder', chat), RunFailure);
  });
});
