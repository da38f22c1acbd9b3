/** All that must change in a text to make JSON of it, when each of its faults can be mended. */
import { createJsonReader, readToJsonFault, type JsonReader } from './json-fault';
import type { JsonFix } from './json-fix';
import type { Span } from './json-locate';

export interface JsonEdit extends Span {
  readonly text: string;
}

export interface JsonMend {
  readonly title: string;
  readonly isSafe: boolean;
  /** In the order of the text; they do not overlap. With all of them done, `JSON.parse` accepts it. */
  readonly edits: readonly JsonEdit[];
}

/** Each fix copies the text, so there is an end to what is tried: 20 million characters copied. */
const mostFixes = 1000;
const mostCopied = 20_000_000;

/** `undefined` when the text is JSON, or when it has a fault that cannot be mended. */
export function mendJson(text: string): JsonMend | undefined {
  const reader = createJsonReader(text);
  const fixes: JsonFix[] = [];
  const edits: JsonEdit[] = [];
  let mended = 0; // the end of what was put in last
  for (let fault = readToJsonFault(reader); fault; fault = readToJsonFault(reader)) {
    const { fix } = fault;
    if (fix === undefined || fix.start < mended || fixes.length >= Math.min(mostFixes, mostCopied / text.length))
      return undefined;
    const shift = reader.text.length - text.length;
    edits.push({ start: fix.start - shift, end: fix.end - shift, text: fix.text });
    fixes.push(fix);
    mended = fix.start + fix.text.length;
    apply(reader, fix);
  }
  return fixes.length === 0 ? undefined : { title: nameOf(fixes), isSafe: fixes.every(({ isSafe }) => isSafe), edits };
}

/** A fix in front of where the reader is takes back its last token, a comma. */
function apply(reader: JsonReader, fix: JsonFix): void {
  reader.text = reader.text.slice(0, fix.start) + fix.text + reader.text.slice(fix.end);
  if (fix.start >= reader.last.end) return;
  reader.last = { kind: 'scalar', start: fix.start, end: fix.start };
  reader.expecting = 'separator';
}

function nameOf(fixes: readonly JsonFix[]): string {
  const titles = new Set(fixes.map(({ title }) => title));
  if (titles.size > 1) return `Correct the JSON in ${fixes.length} places`;
  return `${[...titles].join('')}${fixes.length > 1 ? ` (${fixes.length} places)` : ''}`;
}
