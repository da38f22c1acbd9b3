/** What a JSON file is that is no list of rows, and what to do about it. */

/** `head` is the beginning of the file, whose first sign is no "[". */
export function explainNoList(head: string): string {
  const wanted = 'A .json file of rows is one list of objects, such as [{"text": "...", "label": "..."}].';
  if (!head.trimStart().startsWith('{')) return `This file does not begin with "[". ${wanted}`;
  if (hasObjectInFirstLine(head))
    return 'This file holds one object a line. That is JSON Lines: name it .jsonl, or set data.format to "jsonl" in temper.json.';
  const key = findListKey(head);
  if (key === undefined) return `This file holds one object. ${wanted}`;
  return `This file holds one object. The rows seem to be the list under ${key}: save that list alone, from its "[" to its "]".`;
}

function hasObjectInFirstLine(head: string): boolean {
  const [first = '', second = ''] = head.trimStart().split(/\r\n|\r|\n/, 2);
  try {
    JSON.parse(first);
  } catch {
    return false;
  }
  return second.trimStart().startsWith('{');
}

/** The first key whose value begins as a list of objects does. */
function findListKey(head: string): string | undefined {
  return /("[^"\\\r\n]{1,100}")\s*:\s*\[\s*\{/.exec(head)?.[1];
}
