/** Reads one JSON document of a run folder against its schema, and says in words what is wrong with it. */
import { readFile } from 'node:fs/promises';
import { isMissing } from './paths';

export type Document<Value> =
  | { readonly kind: 'read'; readonly value: Value }
  | { readonly kind: 'missing' }
  /** `found` completes the sentence "… cannot be used: ". */
  | { readonly kind: 'bad'; readonly found: string };

/** What this file needs of a schema of protocol/. */
interface Schema<Value> {
  safeParse(
    input: unknown,
  ): { success: true; data: Value } | { success: false; error: { issues: readonly { path: PropertyKey[]; message: string }[] } };
}

export async function readDocument<Value>(file: string, schema: Schema<Value>): Promise<Document<Value>> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    return isMissing(error) ? { kind: 'missing' } : { kind: 'bad', found: String(error) };
  }
  return parseDocument(text, schema);
}

function parseDocument<Value>(text: string, schema: Schema<Value>): Document<Value> {
  let input: unknown;
  try {
    input = JSON.parse(text);
  } catch (error) {
    return { kind: 'bad', found: `it is not JSON (${error instanceof Error ? error.message : String(error)})` };
  }
  const parsed = schema.safeParse(input);
  if (parsed.success) return { kind: 'read', value: parsed.data };
  return { kind: 'bad', found: parsed.error.issues.map(describeIssue).join('; ') };
}

function describeIssue({ path, message }: { path: PropertyKey[]; message: string }): string {
  return path.length === 0 ? message : `"${path.map(String).join('.')}": ${message}`;
}
