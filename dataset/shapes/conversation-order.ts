/**
 * The order of turns that chat templates take: one system message at most, first; then user and assistant in turn, with
 * the answers of tools behind the calls. And something of the assistant's, or there is nothing to learn.
 */
import type { RowFinding } from '../rules/rule';
import type { Turn } from './conversation';
import type { ReadingContext } from './shape';

/** Nothing is said of a conversation in which somebody's role is not known: what is missing may stand there. */
export function checkOrder(turns: readonly Turn[], path: readonly string[], context: ReadingContext): void {
  for (const fault of findOrderFaults(turns, path)) context.report(fault);
}

export function findOrderFaults(turns: readonly Turn[], path: readonly string[]): RowFinding[] {
  if (turns.length === 0 || turns.some(({ role }) => role === undefined)) return [];
  const learnt = turns.filter(({ role }) => role === 'assistant');
  const order = turns.flatMap((turn, index) => describeFault(turns, turn, index) ?? []);
  if (learnt.length === 0) return [...order, noAssistant(path, 'no message is the assistant\u2019s')];
  const isWeightless = learnt.every(({ message }) => message.weight === 0);
  return isWeightless ? [...order, noAssistant(path, 'every message of the assistant has the weight 0')] : order;
}

function describeFault(turns: readonly Turn[], turn: Turn, index: number): RowFinding | undefined {
  const message = faultOf(turns, turn, index);
  return message === undefined ? undefined : { code: 'role-order', path: turn.rolePath, message };
}

function faultOf(turns: readonly Turn[], { role }: Turn, index: number): string | undefined {
  if (role === 'system') return index > 0 ? 'A system message stands first in its conversation.' : undefined;
  if (role === 'tool') return isCalled(turns, index) ? undefined : 'This is the answer of a tool, and no call stands before it.';
  const before = turns.slice(0, index).findLast((turn) => turn.role === 'user' || turn.role === 'assistant');
  if (role === 'assistant' && !before) return 'The first turn is the assistant\u2019s. A conversation begins with the user.';
  const isTwin = before?.role === role && turns[index - 1]?.role !== 'tool';
  return isTwin ? `Two turns of the ${role ?? ''} follow each other. Join them, or put the missing one between.` : undefined;
}

/** Calls are written as `tool_calls`, or into the words of the assistant; the first where any message has them. */
function isCalled(turns: readonly Turn[], index: number): boolean {
  const caller = turns.slice(0, index).findLast(({ role }) => role !== 'tool');
  if (caller?.role !== 'assistant') return false;
  return caller.isCall || !turns.some(({ isCall }) => isCall);
}

function noAssistant(path: readonly string[], why: string): RowFinding {
  return { code: 'no-assistant', path, message: `Nothing can be learnt from this conversation: ${why}.` };
}
