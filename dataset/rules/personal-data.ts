/**
 * E-mail addresses, numbers of cards, accounts, social security and telephones. A number must pass its checksum or have a
 * strict form; addresses of computers are not looked for, because versions look the same. Messages do not repeat what they found.
 */
import type { Span } from '../formats/format';
import type { RowText } from '../shapes/shape';
import { findEmails } from './personal-data-emails';
import { findAccountNumbers, findCardNumbers, findPhoneNumbers, findSocialSecurityNumbers } from './personal-data-numbers';
import { replaceSpans, withoutOverlaps } from './replace-spans';
import type { RowFinding, RowRule } from './rule';

interface Kind {
  /** With its article. */
  readonly name: string;
  readonly placeholder: string;
  /** A text without it has none of these. */
  readonly hint: RegExp;
  readonly find: (text: string) => Span[];
}

interface PersonalDatum extends Span {
  readonly kind: Kind;
}

const kinds: readonly Kind[] = [
  { name: 'an e-mail address', placeholder: '[e-mail]', hint: /@/, find: findEmails },
  { name: 'a card number', placeholder: '[card number]', hint: /\d[\d -]{12}/, find: findCardNumbers },
  { name: 'a bank account (IBAN)', placeholder: '[IBAN]', hint: /[A-Z]{2}\d\d[ A-Z0-9]{8}/, find: findAccountNumbers },
  { name: 'a social security number', placeholder: '[SSN]', hint: /\d-\d\d-\d/, find: findSocialSecurityNumbers },
  { name: 'a telephone number', placeholder: '[phone number]', hint: /\+[1-9]/, find: findPhoneNumbers },
];
/** One look for all hints, as most texts have none of them. */
const anyHint = /@|\d[\d -]{12}|[A-Z]{2}\d\d[ A-Z0-9]{8}|\d-\d\d-\d|\+[1-9]/;

export const findPersonalData: RowRule = (_row, { texts }) => {
  const findings: RowFinding[] = [];
  for (const text of texts) if (anyHint.test(text.text)) findings.push(...describeAll(text));
  return findings;
};

function describeAll({ path, text }: RowText): RowFinding[] {
  const found = withoutOverlaps(kinds.flatMap((kind) => findAll(text, kind)));
  if (found.length === 0) return [];
  const replacements = found.map(({ start, end, kind }) => ({ start, end, by: kind.placeholder }));
  const names = [...new Set(replacements.map(({ by }) => `"${by}"`))].join(' and ');
  const fix = replaceSpans(text, replacements, `Replace it by ${names}`);
  return found.map(({ start, end, kind }) => ({
    code: 'personal-data',
    path,
    within: { start, end },
    message: `This looks like ${kind.name}. A model repeats what it has learnt: remove it, or replace it by ${kind.placeholder}.`,
    fix,
  }));
}

function findAll(text: string, kind: Kind): PersonalDatum[] {
  return kind.hint.test(text) ? kind.find(text).map((span) => ({ ...span, kind })) : [];
}
