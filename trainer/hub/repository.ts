/**
 * What the Hub says a repository holds: the commit that a revision is at the moment, and every file of it with its hash.
 * All of it comes from outside, and names and hashes become paths on this disk: nothing is believed before it is parsed.
 */
import { listFiles, modelInfo } from '@huggingface/hub';
import { z } from 'zod';
import { badAnswer, unsafeName } from './failures';
import { request, type Connection } from './connection';

export interface RemoteFile {
  /** From the repository's root, with slashes, and safe to be joined to a folder. */
  readonly path: string;
  readonly bytes: number;
  readonly hash: FileHash;
}

/** Large files are known by their content's SHA-256 (Git LFS), small ones by their name in git. In hex; the cache calls files so. */
export interface FileHash {
  readonly kind: 'sha256' | 'git';
  readonly hex: string;
}

export interface Repository {
  readonly commit: string;
  readonly files: ReadonlyMap<string, RemoteFile>;
}

const gitHash = z.string().regex(/^[0-9a-f]{40}$/);
const sha256 = z.string().regex(/^[0-9a-f]{64}$/);
const bytes = z.number().int().nonnegative();
const infoSchema = z.object({ sha: gitHash });
const fileSchema = z.object({
  type: z.literal('file'),
  path: z.string(),
  size: bytes,
  oid: gitHash,
  lfs: z.object({ oid: sha256, size: bytes }).optional(),
});

/** A list without an end would fill the memory. */
const mostFiles = 100_000;

/** @throws RunFailure when the server refuses, or says something that no honest one would */
export async function readRepository(connection: Connection): Promise<Repository> {
  const { name, settings } = connection.inquiry;
  const { repository: repo, revision } = name;
  const asked = { hubUrl: settings.endpoint, fetch: fetchOf(connection) };
  const info: unknown = await modelInfo({ name: repo, revision, additionalFields: ['sha'], ...asked });
  const { sha: commit } = parse(infoSchema, info, connection);
  const files = new Map<string, RemoteFile>();
  for await (const entry of listFiles({ repo: { type: 'model', name: repo }, recursive: true, revision: commit, ...asked })) {
    if (entry.type !== 'file') continue;
    if (files.size >= mostFiles) throw badAnswer(connection.inquiry, `a list of more than ${mostFiles} files`);
    const file = parseFile(entry, connection);
    files.set(file.path, file);
  }
  return { commit, files };
}

export function urlOf({ inquiry }: Connection, commit: string, path: string): string {
  const parts = path.split('/').map(encodeURIComponent).join('/');
  return `${inquiry.settings.endpoint}/${inquiry.name.repository}/resolve/${commit}/${parts}`;
}

/** The library asks through our connection. Its own errors for failed requests then never come about. */
function fetchOf(connection: Connection): typeof fetch {
  return (input, init) => {
    const url = input instanceof Request ? input.url : String(input);
    return request(connection, url, Object.fromEntries(new Headers(init?.headers)));
  };
}

function parseFile(entry: unknown, connection: Connection): RemoteFile {
  const { path, size, oid, lfs } = parse(fileSchema, entry, connection);
  if (!isSafePath(path)) throw unsafeName(connection.inquiry, path);
  const hash: FileHash = lfs === undefined ? { kind: 'git', hex: oid } : { kind: 'sha256', hex: lfs.oid };
  return { path, bytes: lfs?.size ?? size, hash };
}

/** Stays below the folder that it is joined to, on every platform: no `..`, no root, no drive, no backslash. */
export function isSafePath(path: string): boolean {
  const isPrintable = Array.from(path).every((character) => character >= ' ' && character !== '\\' && character !== ':');
  return isPrintable && path.split('/').every((part) => part !== '' && part !== '.' && part !== '..');
}

function parse<Value>(schema: z.ZodType<Value>, found: unknown, { inquiry }: Connection): Value {
  const parsed = schema.safeParse(found);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw badAnswer(inquiry, `${issue?.path.join('.') ?? ''}: ${issue?.message ?? ''}`);
}
