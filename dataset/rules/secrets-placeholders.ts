/** What stands where a secret would: examples of manuals, blanks to fill in, words of everybody. */

const words =
  /example|sample|dummy|placeholder|changeme|change_me|your|insert|redacted|removed|hidden|secret|password|passwd|test|demo|token|foobar|xxxx|\*\*\*|\.\.\.|…|0123456789|123456789|abcdef|qwerty/i;
const blanks = /^[<[{($%]|[>\]})]$|\$\{|\{\{|%\w+%|^pass$|^pwd$|^pw$/;

export function isPlaceholder(secret: string): boolean {
  return words.test(secret) || blanks.test(secret) || new Set(secret).size < 4;
}

/** Shannon's entropy of its characters: 3.3 for ten that all differ, 0 for one that is repeated. */
export function bitsPerCharacter(text: string): number {
  const counts = new Map<string, number>();
  for (const character of text) counts.set(character, (counts.get(character) ?? 0) + 1);
  let bits = 0;
  for (const count of counts.values()) bits -= (count / text.length) * Math.log2(count / text.length);
  return bits;
}
