/**
 * What keys, tokens and passwords look like. Every pattern has an upper bound on what it repeats, so that no text takes
 * more than linear time, and catches only the form that its issuer gives it.
 */
import { Buffer } from 'node:buffer';
import { bitsPerCharacter, isPlaceholder } from './secrets-placeholders';

export interface SecretPattern {
  /** With its article. */
  readonly name: string;
  /** Lower case; a text without it has none of these. */
  readonly hint: string;
  /** Global. The named group `secret` is what must go, or else all that matches. */
  readonly pattern: RegExp;
  /** What looks like one and is none. */
  readonly accepts?: (secret: string, match: RegExpExecArray) => boolean;
}

const isRandom = (secret: string) => /\d/.test(secret) && /[A-Za-z]/.test(secret) && bitsPerCharacter(secret) > 3;
const isMixed = (secret: string) => isRandom(secret) && /[a-z]/.test(secret) && /[A-Z]/.test(secret);
const before = '(?<![A-Za-z0-9_-])';
const behind = '(?![A-Za-z0-9_-])';

function token(name: string, hint: string, source: string, accepts = isRandom): SecretPattern {
  return { name, hint: hint.toLowerCase(), pattern: new RegExp(before + source + behind, 'g'), accepts };
}

export const secretPatterns: readonly SecretPattern[] = [
  token('an AWS access key', 'akia', 'AKIA[A-Z2-7]{16}', (key) => bitsPerCharacter(key) > 3),
  token('an AWS access key', 'asia', 'ASIA[A-Z2-7]{16}', (key) => bitsPerCharacter(key) > 3),
  {
    name: 'an AWS secret key',
    hint: 'aws',
    pattern:
      /aws[\w .-]{0,20}(?:secret|private)[\w .-]{0,20}["']?\s{0,3}[:=]\s{0,3}["']?(?<secret>[A-Za-z0-9/+]{40})(?![A-Za-z0-9/+=])/gi,
    accepts: isMixed,
  },
  token('a GitHub token', '_', 'gh[pousr]_[A-Za-z0-9]{36,255}', isMixed),
  token('a GitHub token', 'github_pat_', 'github_pat_[A-Za-z0-9_]{36,255}', isMixed),
  token('a GitLab token', 'glpat-', 'glpat-[A-Za-z0-9_-]{20,64}'),
  token('a Slack token', 'xox', 'xox[abeoprs]-[A-Za-z0-9-]{10,250}'),
  {
    name: 'a Slack webhook',
    hint: 'hooks.slack.com',
    pattern: /hooks\.slack\.com\/services\/T\w{6,20}\/B\w{6,20}\/(?<secret>\w{20,40})/g,
  },
  token('a Stripe key', '_live_', '[sr]k_live_[A-Za-z0-9]{16,250}'),
  token('a Google API key', 'aiza', 'AIza[A-Za-z0-9_-]{35}', isMixed),
  token('an Anthropic key', 'sk-ant-', 'sk-ant-[A-Za-z0-9_-]{24,250}', isMixed),
  token('an OpenAI key', 'sk-', 'sk-(?!ant-)(?:proj-|svcacct-|admin-)?[A-Za-z0-9_-]{32,250}', isMixed),
  token('a Hugging Face token', 'hf_', 'hf_[A-Za-z0-9]{34,40}', (key) => /[a-z]/.test(key.slice(3)) && /[A-Z]/.test(key)),
  token('an npm token', 'npm_', 'npm_[A-Za-z0-9]{36}', isMixed),
  token('a PyPI token', 'pypi-', 'pypi-AgE[A-Za-z0-9_-]{50,400}', isMixed),
  token('a SendGrid key', 'sg.', 'SG\\.[A-Za-z0-9_-]{22}\\.[A-Za-z0-9_-]{43}', isMixed),
  token('a DigitalOcean token', 'do', 'do[opr]_v1_[a-f0-9]{64}'),
  token('a Telegram bot token', ':aa', '\\d{8,10}:AA[A-Za-z0-9_-]{33}', isMixed),
  token(
    'a JSON web token',
    'eyj',
    'eyJ[A-Za-z0-9_-]{8,2000}\\.eyJ[A-Za-z0-9_-]{8,8000}\\.[A-Za-z0-9_-]{20,1000}',
    isJsonWebToken,
  ),
  {
    name: 'a private key',
    hint: '-----begin',
    pattern:
      /-----BEGIN (?:[A-Z]{2,10} ){0,2}PRIVATE KEY(?: BLOCK)?-----(?=[\s\S]{0,300}?[A-Za-z0-9+/]{40})(?:(?!-----END)[\s\S]){40,20000}(?:-----END [A-Z ]{4,40}-----)?/g,
  },
  {
    name: 'a password in an address',
    hint: '://',
    pattern: /:\/\/(?<user>[^\s/:@"'`<>]{0,80}):(?<secret>[^\s/@"'`<>]{3,120})@(?<host>[A-Za-z0-9][\w.-]{0,80})/g,
    accepts: (secret, { groups }) => isPassword(secret, groups?.['user'] ?? '', groups?.['host'] ?? ''),
  },
  {
    name: 'a password or a key',
    hint: '',
    pattern:
      /(?:password|passwd|pwd|secret|token|api[_-]?key|access[_-]?key|private[_-]?key)["']?\s{0,3}[:=]\s{0,3}(["']?)(?<secret>[^\s"'`\\,;<>(){}[\]]{8,200})(?:\1(?=[\s,;})\]]|\.?$)|\.?$)/gi,
    accepts: isAssigned,
  },
];

/** One look for all hints, as most texts have none of them. */
export const anyHint =
  /AKIA|ASIA|gh[pousr]_|github_pat_|glpat-|xox|slack|_live_|AIza|sk-|hf_|npm_|pypi-|SG\.|_v1_|:AA|eyJ|-----BEGIN|:\/\/|aws|pass|pwd|secret|token|key/i;

function isPassword(secret: string, user: string, host: string): boolean {
  const isExample = /^(?:example\.|localhost$|127\.|host(?:name)?$)/.test(host) || /(?:^|\.)example\.(?:com|org|net)$/.test(host);
  return !isExample && !isPlaceholder(secret) && secret.toLowerCase() !== user.toLowerCase();
}

/** Words, names of variables and calls are assigned to passwords in code; what is secret looks random. */
function isAssigned(secret: string): boolean {
  const isName = /^[A-Za-z_]+(?:[._/-][A-Za-z0-9_]+)*$/.test(secret) && !/[a-z]\d|\d[a-z]/i.test(secret);
  const isAddress = secret.includes('://') || /^[./~$%]/.test(secret);
  return isRandom(secret) && !isName && !isAddress && !isPlaceholder(secret);
}

/** Its head is JSON that names an algorithm; the one that jwt.io shows to everybody is no secret. */
function isJsonWebToken(secret: string): boolean {
  const [head = '', body = ''] = secret.split('.');
  const decode = (part: string) => Buffer.from(part, 'base64url').toString();
  return /^\{.*"alg"\s*:/s.test(decode(head)) && !/"John Doe"|"1234567890"/.test(decode(body));
}
