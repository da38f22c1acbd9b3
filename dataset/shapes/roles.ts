/** Who speaks in a conversation: the roles of chat templates, those of ShareGPT, and what else people call them. */
import { nearestName } from '../../protocol';
import type { FindingFix } from '../rules/rule';
import { quote } from './describe-value';

export const roles = ['system', 'user', 'assistant', 'tool'] as const;
export type Role = (typeof roles)[number];

/** The roles as one way of writing conversations has them; the first name of a role is the one to write. */
export type RoleNames = ReadonlyMap<string, Role>;

export const messageRoles: RoleNames = new Map(roles.map((role) => [role, role]));

/** As LLaMA-Factory reads them, and as the data sets in use have them. */
export const shareGptRoles: RoleNames = new Map<string, Role>([
  ['system', 'system'],
  ['human', 'user'],
  ['gpt', 'assistant'],
  ['function_call', 'assistant'],
  ['observation', 'tool'],
  ['tool', 'tool'],
  ['user', 'user'],
  ['assistant', 'assistant'],
]);

/** Words that can mean one role only. */
const synonyms: ReadonlyMap<string, Role> = new Map<string, Role>([
  ['developer', 'system'],
  ['sys', 'system'],
  ['human', 'user'],
  ['prompter', 'user'],
  ['customer', 'user'],
  ['ai', 'assistant'],
  ['bot', 'assistant'],
  ['chatbot', 'assistant'],
  ['chatgpt', 'assistant'],
  ['gpt', 'assistant'],
  ['model', 'assistant'],
  ['function', 'tool'],
  ['function_response', 'tool'],
  ['observation', 'tool'],
  ['tool_response', 'tool'],
]);

export interface UnknownRole {
  /** What it can only mean, if so. */
  readonly meant: Role | undefined;
  readonly message: string;
  readonly fix?: FindingFix;
}

export function describeUnknownRole(found: unknown, names: RoleNames): UnknownRole {
  const list = `The roles are ${[...names.keys()].join(', ')}.`;
  if (typeof found !== 'string') return { meant: undefined, message: `${JSON.stringify(found)} is no role. ${list}` };
  const meant = meaningOf(found, names);
  const name = meant === undefined ? nearestName(found, [...names.keys()]) : nameOf(meant, names);
  if (name === undefined) return { meant, message: `${quote(found)} is no role. ${list}` };
  const message = `${quote(found)} is no role. Did you mean "${name}"? ${list}`;
  const fix = { kind: 'replace-value', title: `Change it to "${name}"`, isSafe: meant !== undefined, text: name } as const;
  return { meant, message, fix };
}

function meaningOf(found: string, names: RoleNames): Role | undefined {
  const word = found.trim().toLowerCase();
  return names.get(word) ?? messageRoles.get(word) ?? synonyms.get(word);
}

function nameOf(role: Role, names: RoleNames): string | undefined {
  return [...names].find(([, other]) => other === role)?.[0];
}
