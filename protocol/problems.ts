/** What linting finds: shown as squiggles in the editor and as lines on the command line, from the same objects. */

/** Stable codes of the rules; a rule's page in docs/ has the same name. */
export const problemCodes = [
  'invalid-json',
  'not-an-object',
  'invalid-encoding',
  'byte-order-mark',
  'unknown-format',
  'ragged-row',
  'unclosed-quote',
  'duplicate-column',
  'missing-column',
  'missing-field',
  'empty-field',
  'wrong-type',
  'unknown-label',
  'no-rows',
  'one-class',
  'unknown-role',
  'role-order',
  'no-assistant',
  'missing-file',
  'bad-config',
] as const;
export type ProblemCode = (typeof problemCodes)[number];
export type Severity = 'error' | 'warning';

/** Lines and columns are 1-based UTF-16 units; the end is exclusive. */
export interface TextRange {
  readonly line: number;
  readonly column: number;
  readonly endLine: number;
  readonly endColumn: number;
}

export interface Problem extends TextRange {
  readonly code: ProblemCode;
  readonly severity: Severity;
  /** What was found, and what to do about it. */
  readonly message: string;
}
