/**
 * Keys that stand twice in one object of a JSON text. JSON.parse keeps the last one without a word, so that two readers of
 * one file could see two different tensors.
 */

/** Strings, and the punctuation that opens, closes and names; all else says nothing about keys. */
const token = /"(?:[^"\\]|\\.)*"|[{}[\]:]/gs;

/** `json` must be valid: it is not parsed again. Each key is named once. */
export function findRepeatedKeys(json: string): string[] {
  const repeated = new Set<string>();
  const open: Set<string>[] = []; // one per bracket; those of lists stay empty
  let text: string | undefined;
  for (const [found] of json.matchAll(token)) {
    const keys = open.at(-1);
    if (found === '{' || found === '[') open.push(new Set());
    else if (found === '}' || found === ']') open.pop();
    else if (found !== ':') text = found;
    else if (text !== undefined && keys !== undefined) {
      const key = String(JSON.parse(text)); // escapes are resolved: "a" and "\u0061" are one key
      if (keys.has(key)) repeated.add(key);
      keys.add(key);
    }
  }
  return [...repeated];
}
