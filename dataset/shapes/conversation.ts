/** Reads a list of messages with a role and a content, as OpenAI, TRL and mlx-lm have them; each fault at its value. */
import { nearestName } from '../../protocol';
import { isRecord } from '../is-record';
import { describeValue } from './describe-value';
import { isBlank, ownValue, renameKey, report, reportWrongType } from './fields';
import type { ChatMessage } from './rows';
import { describeUnknownRole, messageRoles, type Role, type RoleNames } from './roles';
import type { ReadingContext } from './shape';
import { hasCalls, readToolCalls, type PlacedCall } from './tool-calls';

/** A message and where it stands in its row. */
export interface Turn {
  readonly message: ChatMessage;
  /** Whether it calls a tool; `calls` has those that could be read. */
  readonly isCall: boolean;
  readonly calls: readonly PlacedCall[];
  /** Undefined when nobody knows who speaks. */
  readonly role: Role | undefined;
  /** Of the value to mark when the turn is out of place. */
  readonly rolePath: readonly string[];
}

type MessageObject = Readonly<Record<string, unknown>>;
type Path = readonly string[];

/** Empty when the value is no list of messages, which is then reported. */
export function readTurns(value: unknown, path: Path, context: ReadingContext): Turn[] {
  if (Array.isArray(value) && value.length > 0)
    return value.map((message: unknown, index) => readTurn(message, [...path, String(index)], context));
  const example = '[{"role": "user", "content": "…"}, …]';
  reportWrongType(context, path, `"${path.at(-1) ?? ''}" must be a list of messages: ${example}.`);
  return [];
}

/** Of a string that is a message by itself. */
export function textTurn(role: Role, content: string, path: Path): Turn {
  return { message: { role, content }, isCall: false, calls: [], role, rolePath: path };
}

function readTurn(message: unknown, path: Path, context: ReadingContext): Turn {
  if (!isRecord(message)) {
    reportWrongType(context, path, 'A message is an object with a "role" and a "content".');
    return { message: { role: '', content: '' }, isCall: false, calls: [], role: undefined, rolePath: path };
  }
  const role = readRole(message, { key: 'role', names: messageRoles, path }, context);
  const calls = readToolCalls(message, path, context);
  const isCall = hasCalls(message);
  const isSilent = isCall || role === 'tool'; // a tool may have nothing to say
  const content = readContent(message, path, { context, isSilent });
  const weight = readWeight(message, path, context);
  const toolCalls = calls.map(({ call }) => call);
  const read = { role: role ?? '', content, ...(calls.length > 0 && { toolCalls }), ...(weight === 0 && { weight }) };
  return { message: read, isCall, calls, role, rolePath: [...path, 'role'] };
}

export interface RolePlace {
  readonly key: string;
  readonly names: RoleNames;
  /** Of the message. */
  readonly path: Path;
}

/** The role that is written, or the one that must be meant by what is written. */
export function readRole(message: MessageObject, { key, names, path }: RolePlace, context: ReadingContext): Role | undefined {
  const found = ownValue(message, key);
  const role = typeof found === 'string' ? names.get(found) : undefined;
  if (role) return role;
  if (found === undefined) {
    const advice = `The roles are ${[...names.keys()].join(', ')}.`;
    return report(context, 'unknown-role', path, `This message has no "${key}". ${advice}`, misspeltKey(message, key, path));
  }
  const { meant, message: words, fix } = describeUnknownRole(found, names);
  report(context, 'unknown-role', [...path, key], words, fix);
  return meant;
}

function readContent(
  message: MessageObject,
  path: Path,
  { context, isSilent }: { context: ReadingContext; isSilent: boolean },
): string {
  const content = ownValue(message, 'content');
  if (isSilent && (content === undefined || content === null || content === '')) return '';
  if (Array.isArray(content)) return readParts(content, [...path, 'content'], context);
  if (typeof content === 'string') return checkWords(content, [...path, 'content'], { context, isSilent });
  if (content === undefined) return reportNoContent(message, path, context);
  const advice = 'The "content" of a message must be a string.';
  reportWrongType(context, [...path, 'content'], `${advice} It is ${describeValue(content)}.`);
  return '';
}

function checkWords(words: string, path: Path, { context, isSilent }: { context: ReadingContext; isSilent: boolean }): string {
  if (isBlank(words) && !isSilent) report(context, 'empty-field', path, 'This message is empty. Fill it in, or remove it.');
  return words;
}

/** The texts of all parts, one behind the other; what is not text cannot be learnt. */
function readParts(parts: readonly unknown[], path: Path, context: ReadingContext): string {
  const texts = parts.map((part, index) => readPart(part, [...path, String(index)], context));
  const words = texts.join('');
  if (parts.length === 0 || (isBlank(words) && !texts.includes(undefined)))
    report(context, 'empty-field', path, 'This message is empty. Fill it in, or remove it.');
  return words;
}

function readPart(part: unknown, path: Path, context: ReadingContext): string | undefined {
  const type = isRecord(part) ? ownValue(part, 'type') : undefined;
  const text = isRecord(part) ? ownValue(part, 'text') : undefined;
  if (type === 'text' && typeof text === 'string') return text;
  const found = typeof type === 'string' && type !== 'text' ? `A part of the type "${type}" cannot be read. ` : '';
  return reportWrongType(context, path, `${found}A part of a message is {"type": "text", "text": "…"}.`);
}

function reportNoContent(message: MessageObject, path: Path, context: ReadingContext): string {
  const fix = misspeltKey(message, 'content', path);
  const advice = fix ? `Did you mean "${fix.path.at(-1) ?? ''}"?` : 'Add it, or remove the message.';
  report(context, 'missing-field', path, `This message has no "content". ${advice}`, fix);
  return '';
}

function misspeltKey(message: MessageObject, name: string, path: Path) {
  const nearest = nearestName(name, Object.keys(message));
  const fix = nearest === undefined ? undefined : renameKey([...path, nearest], name);
  return fix?.kind === 'rename-key' ? fix : undefined;
}

function readWeight(message: MessageObject, path: Path, context: ReadingContext): 0 | 1 {
  const weight = ownValue(message, 'weight');
  if (weight === 0) return 0;
  if (weight !== undefined && weight !== null && weight !== 1)
    reportWrongType(context, [...path, 'weight'], 'The "weight" of a message is 0 (read it) or 1 (learn from it).');
  return 1;
}
