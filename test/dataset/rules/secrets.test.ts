import assert from 'node:assert/strict';
import { Buffer } from 'node:buffer';
import { findSecrets } from '../../../dataset/rules/secrets';
import { drawMarks, elapsedMs, findIn, fixedText, withoutMarks } from './text-row';

/** Random letters; whole tokens do not stand in this file, or scanners of repositories would take them for real. */
const mixed = 'q7Rk2ZpW9xT4vLmB8nYc3HdJ6sFgKuE5tQaVwXzN1oPiMhCb0DyGlUeSrAjOf';
const [low, dash, za, id] = ['_', '-', 'za', 'J4TQ7ZXN2WLK6RPV'];
const hex = '9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08';
const part = (length: number) => mixed.slice(0, length);
const base64 = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
const webToken = (payload: unknown) => `${base64({ alg: 'HS256', typ: 'JWT' })}.${base64(payload)}.${part(43)}`;
const keyText = (kind: string) => `-----BEGIN ${kind}-----\n${mixed}\n${mixed}\n-----END ${kind}-----`;

/** What there is, the text with the secret marked, words of the message. */
const secrets: [string, string, RegExp][] = [
  ['an AWS access key', `the key is ⟦AKIA${id}⟧.`, /an AWS access key \(AKIA…\)/],
  ['a temporary AWS key', `⟦ASIA${id}⟧`, /an AWS access key \(ASIA…\)/],
  ['an AWS secret key', `aws_secret_access_key = ⟦${part(38)}/+⟧`, /an AWS secret key/],
  ['an AWS secret key in JSON', `{"aws_secret_access_key": "⟦${part(38)}+/⟧"}`, /an AWS secret key/],
  ['a GitHub token', `git clone with ⟦ghp${low}${part(36)}⟧`, /a GitHub token \(ghp_…\)/],
  ['a fine-grained GitHub token', `⟦github_pat${low}${part(22)}_${part(59)}⟧`, /a GitHub token/],
  ['a GitLab token', `⟦glpat-${part(20)}⟧`, /a GitLab token/],
  ['a Slack token', `⟦xoxb${dash}2340192837465-${part(24)}⟧`, /a Slack token/],
  ['a Slack webhook', `https://hooks.slack.com/services/T0ABC12345/B0ABC12345/⟦${part(24)}⟧`, /a Slack webhook/],
  ['a Stripe key', `⟦sk_live${low}${part(24)}⟧`, /a Stripe key/],
  ['a Google API key', `?key=⟦AI${za}${part(35)}⟧&q=1`, /a Google API key/],
  ['an OpenAI key', `⟦sk-${part(48)}⟧`, /an OpenAI key/],
  ['an OpenAI key of a project', `⟦sk-proj-${part(60)}⟧`, /an OpenAI key/],
  ['an Anthropic key', `⟦sk-ant${dash}api03-${part(60)}⟧`, /an Anthropic key/],
  ['a Hugging Face token', `⟦hf${low}QwErTyUiOpAsDfGhJkLzXcVbNmQaWsEdRf⟧`, /a Hugging Face token/],
  ['an npm token', `//registry.npmjs.org/:_authToken=⟦npm_${part(36)}⟧`, /an npm token/],
  ['a PyPI token', `⟦pypi${dash}AgEIcHlwaS5vcmc${mixed}⟧`, /a PyPI token/],
  ['a SendGrid key', `⟦SG.${part(22)}.${part(43)}⟧`, /a SendGrid key/],
  ['a DigitalOcean token', `⟦dop_v1_${hex}⟧`, /a DigitalOcean token/],
  ['a Telegram token', `⟦123987456:AA${part(33)}⟧`, /a Telegram bot token/],
  ['a JSON web token', `Bearer ⟦${webToken({ sub: '77', name: 'Ada' })}⟧`, /a JSON web token/],
  ['a private key', `here:\n⟦${keyText('RSA PRIVATE KEY')}⟧\nbye`, /a private key\. /],
  ['an OpenSSH key', `⟦${keyText('OPENSSH PRIVATE KEY')}⟧`, /a private key/],
  ['a private key in one line', `⟦${keyText('PRIVATE KEY').replaceAll('\n', '\\n')}⟧`, /a private key/],
  ['a password in an address', 'postgres://app:⟦v9Kq2mzR⟧@db.internal.acme.io:5432/x', /a password in an address\. /],
  ['a password in an address of the web', 'https://ada:⟦lovelace1815⟧@git.acme.io/repo.git', /a password in an address/],
  ['a password', 'Password: ⟦tr0ub4dor&3⟧', /a password or a key\. /],
  ['a password in code', `const password = '⟦k7#Lm2!qZ9⟧';`, /a password or a key/],
  ['an API key in JSON', `{"api_key": "⟦${hex.slice(0, 32)}⟧"}`, /a password or a key/],
  ['a token in a file of settings', `API_TOKEN=⟦${part(24)}⟧`, /a password or a key/],
  ['a token that is assigned', `API_TOKEN=⟦ghp${low}${part(36)}⟧`, /a GitHub token/],
  ['two of them', `⟦ghp${low}${part(36)}⟧ and ⟦glpat-${part(20)}⟧`, /a GitHub token/],
];

/** What only looks like one. */
const right: [string, string][] = [
  ["Amazon's example", 'AKIAIOSFODNN7EXAMPLE'],
  ["Amazon's example of a secret", 'aws_secret_access_key = wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY'],
  ['a word with AKIA in it', 'MAKIAJ4TQ7ZXN2WLK6RPV'],
  ['a key that is too long', 'AKIAJ4TQ7ZXN2WLK6RPVAB'],
  ['a blank', `ghp${low}xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx`],
  ['a blank for OpenAI', 'sk-xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx'],
  ['a name of a class', 'sk-fading-circle-container-with-a-long-name'],
  ['a package', 'pip install sk-learn-contrib-extensions-for-everyone-2024'],
  ['a function', 'hf_hub_download(repo_id, filename)'],
  ['a variable', 'npm_config_registry and npm_package_version_of_everything_here'],
  ['a test key', `sk_test${low}${part(24)}`],
  ['a template', 'password = ${DB_PASSWORD}'],
  ['another template', 'token: {{ secrets.GITHUB_TOKEN }}'],
  ['a variable of the shell', 'export API_KEY=$MY_API_KEY_2024x'],
  ['a call', 'password = getPassword(user1, 2)'],
  ['an attribute', 'token = response.data.token2value'],
  ['a chain of names', 'api_key = settings.providers.openai_2.value'],
  ['an environment', "api_key = os.environ['OPENAI_API_KEY_1']"],
  ['a placeholder', 'password: your_password_123'],
  ['stars', 'password: ********12a'],
  ['a word', 'password: sunflowers'],
  ['a sentence', 'I forgot my password: what can I do about it in 2024?'],
  ['a password in prose', 'The password must have 8 characters.'],
  ['a hash', `sha256 ${hex}`],
  ['a commit', `commit ${hex.slice(0, 40)}`],
  ['a UUID', 'id 123e4567-e89b-12d3-a456-426614174000'],
  ['an image in base64', `data:image/png;base64,iVBORw0KGgo${mixed}${mixed}==`],
  ['a public key', keyText('PUBLIC KEY')],
  ['a certificate', keyText('CERTIFICATE')],
  ['the head of a key alone', 'Files that begin with -----BEGIN PRIVATE KEY----- are keys, and nobody should ever commit them.'],
  ["jwt.io's example", webToken({ sub: '1234567890', name: 'John Doe', iat: 1516239022 })],
  ['three parts that are no web token', `eyJ${part(20)}.eyJ${part(20)}.${part(43)}`],
  ['an address without a password', 'https://ada@git.acme.io/repo.git'],
  ['an address with a port', 'http://localhost:8080/a@b'],
  ['words for user and password', 'ftp://username:password@host.com'],
  ['an example host', 'https://ada:lovelace1815@example.com/'],
  ['tldr’s blanks', 'curl https://{{user}}:{{secret1}}@{{host}}/'],
  ['blanks in an address', 'mysql://{{user}}:{{pw1}}@db.acme.io'],
  ['variables in an address', 'https://$USER:$PASS1@acme.io and https://$USER:%PW1%@acme.io'],
  ['one letter again and again', 'https://ada:aaaa@acme.io'],
  ['a time', 'token: 12:30:45 2024-01-01'],
  ['the path of a key', 'private_key: /etc/ssl/2024x/acme.pem9'],
  ['an address', 'pwd=https://acme.io/2024x9/q7'],
  ['a path', 'secret: /run/secrets/db_2024_x9'],
  ['a key of a keyboard', 'Press the key: F12'],
  ['nothing', ''],
];

describe('secret', function () {
  this.timeout(30_000);

  for (const [title, marked, message] of secrets) {
    it(`finds ${title}`, () => {
      const text = withoutMarks(marked);
      const findings = findIn(findSecrets, text);
      assert.equal(drawMarks(text, findings), marked);
      assert.match(findings[0]?.message ?? '', message);
      assert.equal(fixedText(findings), marked.replace(/⟦[^⟧]*⟧/g, '[secret]'));
      assert.deepEqual(findIn(findSecrets, fixedText(findings) ?? text), []);
    });
  }

  for (const [title, text] of right) it(`leaves ${title} alone`, () => assert.deepEqual(findIn(findSecrets, text), []));

  it('never repeats more than four letters of a secret', () => {
    for (const [, marked] of secrets) {
      const secret = /⟦([^⟧]*)⟧/.exec(marked)?.[1] ?? '';
      const words = findIn(findSecrets, withoutMarks(marked)).map(({ message, fix }) => message + (fix?.title ?? ''));
      assert.ok(secret.length >= 8 && words.every((text) => !text.includes(secret.slice(0, 5))), marked);
    }
  });

  it('takes linear time for hostile texts', () => {
    const units = [
      'a',
      '-----BEGIN PRIVATE KEY-----',
      'eyJ',
      'eyJaaaaaaaaaa.',
      '://',
      '://a:b',
      'password=',
      'key:"',
      'aws secret ',
      'sk-',
      'A',
      '_',
    ];
    for (const unit of units) {
      const ms = elapsedMs(() => findIn(findSecrets, `token ://${unit.repeat(1e6 / unit.length)}`));
      assert.ok(ms < 3000, `${unit}: ${ms} ms`);
    }
  });
});
