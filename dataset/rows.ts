/** The rows that a file of data can hold, once they are read and right. */
import type { ClassificationRow } from './classification-rows';

export interface ChatMessage {
  /** `system`, `user`, `assistant` or `tool`. */
  readonly role: string;
  readonly content: string;
}

/** A conversation; the assistant's words are what is learnt. */
export interface ChatRow {
  readonly messages: readonly ChatMessage[];
  /** Where the row begins in its file, from 1. */
  readonly line: number;
}

export type DataRow = ClassificationRow | ChatRow;

export function isChatRow(row: DataRow): row is ChatRow {
  return 'messages' in row;
}
