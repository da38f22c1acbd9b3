/** Text with one JSON object a line, as `temper ... --json` prints it. Lines that are no object are people's output: skipped. */

export type JsonLine = Readonly<Record<string, unknown>>;

export function parseJsonLine(line: string): JsonLine | undefined {
  if (!line.startsWith('{')) return undefined;
  try {
    return asObject(JSON.parse(line));
  } catch {
    return undefined; // A log may hold half a line, or a message that begins with a brace.
  }
}

/** The newest object of this kind, searched from the end. */
export function findLastLine(text: string, kind: string): JsonLine | undefined {
  for (const line of text.split('\n').reverse()) {
    const parsed = parseJsonLine(line.trim());
    if (parsed?.['kind'] === kind) return parsed;
  }
  return undefined;
}

function asObject(value: unknown): JsonLine | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : undefined;
}
