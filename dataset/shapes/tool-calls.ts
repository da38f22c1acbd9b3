/** What the assistant may call and what it calls: `tools` of a row and `tool_calls` of a message, as OpenAI has them. */
import { nearestName } from '../../protocol';
import type { SourceRow } from '../formats/format';
import { isRecord } from '../is-record';
import { describeValue, listNames } from './describe-value';
import { isBlank, ownValue, report, reportWrongType } from './fields';
import type { ToolCall } from './rows';
import type { ReadingContext } from './shape';

type Path = readonly string[];
type MessageObject = Readonly<Record<string, unknown>>;

/** A call and where the value stands that names its tool. */
export interface PlacedCall {
  readonly call: ToolCall;
  readonly path: Path;
}

/** Also where the calls are written wrongly. */
export function hasCalls(message: MessageObject): boolean {
  const calls = ownValue(message, 'tool_calls');
  const isListed = calls !== undefined && calls !== null && !(Array.isArray(calls) && calls.length === 0);
  return isListed || isRecord(ownValue(message, 'function_call'));
}

/** The calls of one message, also in the older form of a single `function_call`. */
export function readToolCalls(message: MessageObject, path: Path, context: ReadingContext): PlacedCall[] {
  const single = ownValue(message, 'function_call');
  if (single !== undefined && single !== null) return readCall(single, [...path, 'function_call'], context);
  const calls = ownValue(message, 'tool_calls');
  if (calls === undefined || calls === null) return [];
  const at = [...path, 'tool_calls'];
  if (Array.isArray(calls)) return calls.flatMap((call: unknown, index) => readCall(call, [...at, String(index)], context));
  reportWrongType(context, at, `"tool_calls" is ${describeValue(calls)}. It must be a list of calls: [${example}].`);
  return [];
}

const example = '{"function": {"name": "…", "arguments": {…}}}';

function readCall(call: unknown, path: Path, context: ReadingContext): PlacedCall[] {
  const inner = isRecord(call) ? ownValue(call, 'function') : undefined;
  if (isRecord(inner)) return readFunction(inner, [...path, 'function'], context);
  if (isRecord(call)) return readFunction(call, path, context);
  reportWrongType(context, path, `A call is an object: ${example}.`);
  return [];
}

/** A name and its arguments. */
export function readFunction(call: MessageObject, path: Path, context: ReadingContext): PlacedCall[] {
  const name = ownValue(call, 'name');
  const found = ownValue(call, 'arguments') ?? {};
  const isNamed = typeof name === 'string' && !isBlank(name);
  if (!isNamed) reportNoName(call, path, context);
  if (!holdsObject(found)) reportArguments(found, [...path, 'arguments'], context);
  return isNamed ? [{ call: { name, arguments: found }, path: [...path, 'name'] }] : [];
}

function reportNoName(call: MessageObject, path: Path, context: ReadingContext): void {
  const hasName = Object.hasOwn(call, 'name');
  if (hasName) reportWrongType(context, [...path, 'name'], 'The "name" of a call must be a string that is not empty.');
  else report(context, 'missing-field', path, `This call has no "name". A call is ${example}.`);
}

function reportArguments(found: unknown, path: Path, context: ReadingContext): void {
  const what = typeof found === 'string' ? 'a string that holds none' : describeValue(found);
  reportWrongType(context, path, `The "arguments" of a call must be a JSON object, or one in a string. This is ${what}.`);
}

function holdsObject(value: unknown): boolean {
  return typeof value === 'string' ? isRecord(parseJson(value)) : isRecord(value);
}

/** `undefined` for what is no JSON. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // whoever asks says in words what should stand there
  }
}

/** Those that the row defines, also as JSON in a string; `undefined` where it says nothing of tools. */
export function readTools({ value }: SourceRow, context: ReadingContext): readonly unknown[] | undefined {
  const found = ownValue(value, 'tools');
  if (found === undefined || found === null || (typeof found === 'string' && isBlank(found))) return undefined;
  const tools = typeof found === 'string' ? parseJson(found) : found;
  if (!Array.isArray(tools)) {
    const what = typeof found === 'string' ? 'a string that holds none' : describeValue(found);
    return reportWrongType(context, ['tools'], `"tools" must be a list of tools, or one as JSON in a string. This is ${what}.`);
  }
  const list: readonly unknown[] = tools;
  return list.length > 0 ? list : undefined;
}

/** Only a warning: the row can be trained on. */
export function reportUndefinedTools(
  calls: readonly PlacedCall[],
  tools: readonly unknown[] | undefined,
  context: ReadingContext,
): void {
  if (!tools || calls.length === 0) return;
  const names = tools.flatMap(nameOfTool);
  if (names.length < tools.length) return; // a form of definitions that is not known
  for (const { call, path } of calls) {
    const { name } = call;
    if (names.includes(name)) continue;
    const nearest = nearestName(name, names);
    const advice = nearest === undefined ? `The tools are ${listNames(names)}.` : `Did you mean "${nearest}"?`;
    const message = `The tool "${name}" is called, and "tools" of this row does not define it. ${advice}`;
    const isText = path.at(-1) === 'name';
    if (nearest === undefined || !isText) report(context, 'undefined-tool', path, message);
    else report(context, 'undefined-tool', path, message, changeTo(nearest));
  }
}

function changeTo(name: string) {
  return { kind: 'replace-value', title: `Change it to "${name}"`, isSafe: false, text: name } as const;
}

function nameOfTool(tool: unknown): string[] {
  if (typeof tool === 'string') return nameOfTool(parseJson(tool));
  if (!isRecord(tool)) return [];
  const inner = ownValue(tool, 'function');
  const name = ownValue(isRecord(inner) ? inner : tool, 'name');
  return typeof name === 'string' ? [name] : [];
}
