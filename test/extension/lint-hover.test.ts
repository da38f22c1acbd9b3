import assert from 'node:assert/strict';
import MarkdownIt from 'markdown-it';
import { escapeMarkdown, formatCode, formatHover } from '../../extension/lint/format-hover';
import type { SeenRow, SeenSequence, SeenToken } from '../../inputs/as-model-sees';

const token = (text: string, parts: Partial<SeenToken> = {}): SeenToken => ({
  ...{ id: 7, text, isSpecial: false, isLearnt: false },
  ...parts,
});
const sequence = (parts: Partial<SeenSequence> = {}): SeenSequence => ({
  ...{ role: 'row', tokens: [token('[CLS]'), token('good')], unlisted: 0, tokenCount: 2, maxLength: 16, learntTokens: 0 },
  ...parts,
});
const hover = (row: Partial<SeenRow>) =>
  formatHover({ kind: 'seen', seen: { sequences: [], labels: [], ...row }, line: 1, endLine: 1 });

/** What a person reads: the text of the page, and which of it is bold or code. */
function render(markdown: string) {
  const inline = new MarkdownIt({ html: true, linkify: true }).parse(markdown, {}).flatMap(({ children }) => children ?? []);
  return { text: inline.map(({ content }) => content).join(''), kinds: new Set(inline.map(({ type }) => type)) };
}

describe('a row as the model sees it', () => {
  it('lists the tokens, says that all are read, and names the label with its class', () => {
    const page = hover({ sequences: [sequence()], labels: [{ name: 'praise', index: 1 }] });
    assert.equal(page, '**As the model sees it**\n\n2 tokens, all are read.\n\n`[CLS]` `good`\n\nLabel: `praise` (class 1)');
  });

  it('shows where it is cut, how much is lost, and what', () => {
    const cut = sequence({ tokenCount: 312, maxLength: 128, unlisted: 126, lost: 'the end' });
    const page = hover({ sequences: [cut] });
    assert.match(page, /312 tokens, 128 are read\./);
    assert.match(page, /`good` … and 126 more ✂ cut here, 184 tokens are lost/);
    assert.match(page, /Not read: `the end`$/);
  });

  it('makes the tokens bold that are learnt, and says so in words', () => {
    const page = hover({ sequences: [sequence({ tokens: [token('a'), token('b', { isLearnt: true })], learntTokens: 1 })] });
    assert.match(page, /`a` \*\*`b`\*\*/);
    assert.match(page, /The bold one is learnt\./);
    assert.doesNotMatch(hover({ sequences: [sequence()] }), /bold/);
  });

  it('shows the tag that a token is to get', () => {
    const page = hover({ sequences: [sequence({ tokens: [token('Paris', { isLearnt: true, tag: 'B-LOC' })] })] });
    assert.equal(render(page).text.includes('Paris (B-LOC)'), true);
  });

  it('names both answers of a preference', () => {
    const page = hover({ sequences: [sequence({ role: 'chosen' }), sequence({ role: 'rejected' })] });
    assert.match(page, /\*\*chosen\*\*: 2 tokens[^]*\*\*rejected\*\*: 2 tokens/);
  });

  it('leaves the class out when the label is none of the run’s', () => {
    assert.match(hover({ labels: [{ name: 'x', index: undefined }] }), /Label: `x`$/);
  });

  it('says why there is nothing to see', () => {
    assert.match(formatHover({ kind: 'no-model', line: 1, endLine: 1 }), /not on this machine/);
    const refused = formatHover({ kind: 'refused', reason: 'no *template*', line: 1, endLine: 1 });
    assert.match(render(refused).text, /no \*template\*/);
  });

  for (const text of [
    '`',
    '``a```',
    ' ',
    '  ',
    '` x `',
    'a`',
    '![x](https://evil.test/x.png)',
    '<img src=x onerror=alert(1)>',
    '[a](command:x)',
    '**b**',
    'https://evil.test',
    '&amp;',
    '\\',
    '$(zap)',
    '---',
    '| a | b |',
  ]) {
    it(`shows ${JSON.stringify(text)} as it is, in a token, a label, a tag and a reason`, () => {
      for (const page of [
        hover({ sequences: [sequence({ tokens: [token(text), token('end')] })] }),
        hover({ labels: [{ name: text, index: 0 }] }),
        hover({ sequences: [sequence({ lost: text })] }),
        formatHover({ kind: 'refused', reason: text, line: 1, endLine: 1 }),
        hover({ sequences: [sequence({ tokens: [token('x', { tag: text })] })] }),
      ]) {
        const { text: read, kinds } = render(page);
        assert.ok(read.includes(text.trim()), `${JSON.stringify(read)} of ${page}`);
        for (const kind of ['link_open', 'image', 'html_inline']) assert.ok(!kinds.has(kind), `${kind} in ${page}`);
      }
    });
  }

  it('spells out what cannot be seen, and keeps what can', () => {
    assert.equal(formatCode('a\nb\u0000\u200b\u202e\u2028'), '`a\\u{a}b\\u{0}\\u{200b}\\u{202e}\\u{2028}`');
    assert.equal(formatCode('Grüße 你好 😀 ▁the ##ing'), '`Grüße 你好 😀 ▁the ##ing`');
    assert.equal(formatCode('\ud800'), '`\\u{d800}`');
  });

  it('keeps escaped words on their line', () => {
    assert.equal(escapeMarkdown('a\n\n# b'), 'a \\# b');
  });

  it('shows a token without text by its number', () => {
    assert.match(hover({ sequences: [sequence({ tokens: [token('', { id: 42 })] })] }), /`#42`/);
  });
});
