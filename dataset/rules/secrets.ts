/** Keys, tokens and passwords in texts. A message never has more of one than its first letters: problems are printed and logged. */
import type { Span } from '../formats/format';
import type { RowText } from '../shapes/shape';
import { replaceSpans, withoutOverlaps } from './replace-spans';
import type { RowFinding, RowRule } from './rule';
import { anyHint, secretPatterns, type SecretPattern } from './secrets-patterns';
import { isPlaceholder } from './secrets-placeholders';

interface Secret extends Span {
  readonly name: string;
}

const shortest = 8;

export const findSecrets: RowRule = (_row, { texts }) => {
  const findings: RowFinding[] = [];
  for (const text of texts) {
    if (text.text.length >= shortest && anyHint.test(text.text)) findings.push(...describeAll(text));
  }
  return findings;
};

function describeAll({ path, text }: RowText): RowFinding[] {
  const lower = text.toLowerCase();
  const secrets = withoutOverlaps(
    secretPatterns.flatMap((pattern) => (lower.includes(pattern.hint) ? findAll(text, pattern) : [])),
  );
  if (secrets.length === 0) return [];
  const replacements = secrets.map(({ start, end }) => ({ start, end, by: '[secret]' }));
  const fix = replaceSpans(text, replacements, 'Replace it by "[secret]"');
  return secrets.map(({ start, end, name }) => ({
    code: 'secret',
    path,
    within: { start, end },
    message: `This looks like ${name}${mask(text.slice(start, end), name)}. A model repeats what it has learnt: remove it, and revoke it if it is real.`,
    fix,
  }));
}

function findAll(text: string, { name, pattern, accepts }: SecretPattern): Secret[] {
  const secrets: Secret[] = [];
  for (const match of text.matchAll(pattern)) {
    const secret = match.groups?.['secret'] ?? match[0];
    const start = match.index + match[0].lastIndexOf(secret);
    const isReal = accepts === undefined ? !isPlaceholder(secret) : accepts(secret, match) && !isExample(secret);
    if (isReal) secrets.push({ start, end: start + secret.length, name });
  }
  return secrets;
}

/** Those of manuals say so, and blanks are one letter again and again. */
function isExample(secret: string): boolean {
  return /EXAMPLE|xxxx|XXXX|0{8}|1234567890|\*\*\*|your[_-]/.test(secret);
}

/** What everybody's has in common; of a password, nothing. */
function mask(secret: string, name: string): string {
  const isKnownForm = !name.includes('password') && /^[A-Za-z]{2,6}[-_]?/.test(secret);
  return isKnownForm ? ` (${secret.slice(0, 4)}…)` : '';
}
