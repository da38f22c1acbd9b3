/**
 * Every message between the extension host and the thread that lints, one union for each direction. Plain data: it is
 * cloned on its way. Files and folders are absolute paths; lines and columns count from 1.
 */
import type { LintedFile, TextChange } from '../../dataset/lint/linted-file';
import type { Problem, TextEdit } from '../../protocol';
import type { RowDescription } from './describe-row';

/** A `LintedFile` as plain data. */
export interface FileResult extends Omit<LintedFile, 'fingerprintOf'> {
  /** Of the project. */
  readonly dir: string;
  /** Of the editor's text that was linted; absent when it was the file on disk. */
  readonly version?: number;
}

/** What the host can ask for, by name: what it says and what it is answered. */
export interface Queries {
  /** The row at a place, as a model reads it; nothing where there is no row that can be read. */
  readonly row: {
    readonly asks: { readonly file: string; readonly line: number; readonly column: number };
    readonly gets: RowDescription | undefined;
  };
  /** The fingerprint of the row that a problem of the newest result is about; empty when it is about no row. */
  readonly fingerprint: { readonly asks: { readonly file: string; readonly problem: Problem }; readonly gets: string };
  /** All edits of the safe fixes of a file. */
  readonly 'safe-fixes': { readonly asks: { readonly file: string }; readonly gets: readonly TextEdit[] };
}
export type QueryName = keyof Queries;
export type Query = { readonly [Name in QueryName]: { readonly name: Name } & Queries[Name]['asks'] }[QueryName];

/** From the host to the thread, in the order of the editor's events. */
export type HostMessage =
  /** All folders that are linted from now on; others are forgotten. */
  | { readonly kind: 'projects'; readonly dirs: readonly string[]; readonly maxProblems: number }
  /** The editor's text counts from now on. */
  | { readonly kind: 'open'; readonly file: string; readonly version: number; readonly text: string }
  /** Of an open file, each change after those before it. */
  | { readonly kind: 'edit'; readonly file: string; readonly version: number; readonly changes: readonly TextChange[] }
  /** The disk counts again. */
  | { readonly kind: 'close'; readonly file: string }
  /** It came, went or is another on disk. */
  | { readonly kind: 'changed'; readonly file: string }
  | { readonly kind: 'query'; readonly id: number; readonly query: Query };

/** From the thread to the host. */
export type ThreadMessage =
  /** What a project reads, or would read if it were there: sent when that is another set than before. */
  | { readonly kind: 'files'; readonly dir: string; readonly files: readonly string[] }
  /** Something new about a file. */
  | { readonly kind: 'linted'; readonly result: FileResult }
  /** Nothing is left to lint in this project until something changes. */
  | { readonly kind: 'rested'; readonly dir: string }
  /** Linting this project threw; it is tried again at the next change. `detail` is for the log. */
  | { readonly kind: 'failed'; readonly dir: string; readonly detail: string }
  | { readonly kind: 'answer'; readonly id: number; readonly value: unknown }
  | { readonly kind: 'refused'; readonly id: number; readonly detail: string };

const threadKinds: ReadonlySet<unknown> = new Set<ThreadMessage['kind']>([
  'files',
  'linted',
  'rested',
  'failed',
  'answer',
  'refused',
]);

/** Both ends are bundled from this file in one build: the kind says all that can be wrong. */
export function parseThreadMessage(value: unknown): ThreadMessage | undefined {
  const isOurs = typeof value === 'object' && value !== null && 'kind' in value && threadKinds.has(value.kind);
  return isOurs ? (value as ThreadMessage) : undefined; // the kind was checked in the line above
}
