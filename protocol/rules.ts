/**
 * Every rule of the linter: its stable code, what it costs by default and one sentence about it. The config's schema, the
 * pages of docs/rules.md, SARIF and the editor's messages derive from this table, in its order.
 */

export const severities = ['error', 'warning', 'information'] as const;
export type Severity = (typeof severities)[number];

export interface Rule {
  readonly severity: Severity;
  /** What it finds, as a noun phrase that ends without a full stop. */
  readonly summary: string;
}

const error = (summary: string) => ({ severity: 'error', summary }) as const;
const warning = (summary: string) => ({ severity: 'warning', summary }) as const;
const information = (summary: string) => ({ severity: 'information', summary }) as const;

export const rules = {
  // syntax and encoding
  'invalid-json': error('Text that is not JSON'),
  'not-an-object': error('A row that is JSON but no object'),
  'duplicate-key': warning('A key that stands twice in one object'),
  'invalid-encoding': error('Bytes that are not text in the encoding of the file'),
  'byte-order-mark': warning('A byte-order mark at the head of the file'),
  'mixed-line-endings': warning('Line ends of more than one kind'),
  'blank-line': warning('An empty line between rows'),
  'null-character': warning('A NUL or another control character in a text'),
  mojibake: warning('Text that was decoded with the wrong encoding once'),
  'unknown-format': error('A file whose format is not known'),
  'unreadable-file': error('A file that is damaged'),
  'ragged-row': error('A row with more or fewer cells than the header'),
  'unclosed-quote': error('A quote that is never closed'),
  'duplicate-column': warning('Two columns of one name'),
  'unnamed-column': warning('A column without a name'),
  // shape
  'missing-column': error('A column that the rows need and the file does not have'),
  'missing-field': error('A field that a row needs and does not have'),
  'empty-field': error('A field that is there and empty'),
  'extra-field': information('A field that few rows have and nothing reads'),
  'wrong-type': error('A value of the wrong type'),
  'mixed-shapes': error('A row of another shape than the rest of the file'),
  'unknown-role': error('A role that no conversation has'),
  'role-order': error('Turns that do not alternate'),
  'no-assistant': error('A conversation without a turn to learn from'),
  'undefined-tool': warning('A call of a tool that the row does not define'),
  'broken-tags': error('A sequence of tags that breaks its scheme'),
  'missing-image': error('An image that is not there'),
  'unreadable-image': error('An image that cannot be decoded'),
  'rotated-image': warning('An image that is stored turned, with a note to turn it'),
  // labels
  'unknown-label': error('A label that is not one of the known ones'),
  'label-typo': warning('A rare label that looks like a frequent one misspelt'),
  'conflicting-labels': warning('The same text with different labels'),
  'one-class': error('Training rows of one label only'),
  'rare-class': warning('A label with too few rows'),
  'class-imbalance': warning('A label with many times the rows of another'),
  'unused-label': warning('A label of the config that no training row has'),
  // content
  'duplicate-row': warning('A row that stands in the file already'),
  'near-duplicate': warning('A row that is almost another one'),
  leak: warning('A held-out row that stands in the training rows'),
  'near-leak': warning('A held-out row that is almost a training row'),
  'partly-compared': information('More rows than are compared with each other'),
  'truncated-row': warning('A row that is longer than what the model reads'),
  'no-preference': error('A pair whose chosen and rejected answers are equal'),
  'length-bias': warning('Chosen answers that are mostly longer, or mostly shorter, than the rejected ones'),
  'repeated-prompt': warning('A prompt that many rows share'),
  boilerplate: warning('Words that most rows begin or end with'),
  'other-language': warning('Text in another script or language than the rest'),
  secret: warning('A key, a token or a password'),
  'personal-data': warning('An e-mail address, a card number or the like'),
  'no-rows': error('A file without rows'),
  'too-few-rows': warning('Fewer rows than fine-tuning needs'),
  // config
  'missing-file': error('A file that temper.json names and that is not there'),
  'bad-config': error('A setting that is wrong'),
  'unused-suppression': warning('A suppression that hides nothing'),
} as const satisfies Readonly<Record<string, Rule>>;

export type ProblemCode = keyof typeof rules;
export const problemCodes = Object.keys(rules) as ProblemCode[];
