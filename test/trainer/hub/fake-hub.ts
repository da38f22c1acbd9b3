/**
 * A Hugging Face Hub on this machine, as far as `temper pull` and Python's huggingface_hub ask it: the commit of a revision, the
 * list of files in pages, files themselves, the large ones by way of a CDN on another port. It fails in the ways that servers do.
 */
import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';

/** What happens to one request. `cut`, `stall` and `short` send this many bytes of the body first. */
export type Fault =
  | { readonly kind: 'status'; readonly status: number; readonly headers?: Readonly<Record<string, string>> }
  | { readonly kind: 'cut'; readonly bytes: number }
  | { readonly kind: 'stall'; readonly bytes: number }
  | { readonly kind: 'short'; readonly bytes: number }
  | { readonly kind: 'corrupt' }
  | { readonly kind: 'whole' }
  | { readonly kind: 'other-range' }
  | { readonly kind: 'slow'; readonly pieceBytes: number; readonly everyMs: number };

export interface Asked {
  readonly path: string;
  readonly method: string;
  readonly authorization: string | undefined;
  readonly range: string | undefined;
}

interface Commit {
  readonly id: string;
  readonly files: ReadonlyMap<string, Buffer>;
}

interface Repository {
  readonly revisions: Map<string, Commit>;
  token: string | undefined;
  isGated: boolean;
}

const largeBytes = 1000;

export class FakeHub {
  readonly asked: Asked[] = [];
  /** Entries of the list in one answer. */
  pageSize = 1000;
  /** Changes what the list says. */
  spoilList: (entries: Record<string, unknown>[]) => unknown = (entries) => entries;
  /** The address of the list's next page. */
  nextPage: (url: string) => string = (url) => url;
  readonly #hub = createServer((request, response) => this.#answer(request, response, false));
  readonly #cdn = createServer((request, response) => this.#answer(request, response, true));
  readonly #repositories = new Map<string, Repository>();
  readonly #renamed = new Map<string, string>();
  readonly #faults: { readonly part: string; readonly left: Fault[] }[] = [];
  readonly #blobs = new Map<string, Buffer>();

  async start(): Promise<void> {
    for (const server of [this.#hub, this.#cdn]) await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  }

  stop(): void {
    for (const server of [this.#hub, this.#cdn]) {
      server.closeAllConnections();
      server.close();
    }
  }

  get url(): string {
    return urlOf(this.#hub);
  }

  get cdnUrl(): string {
    return urlOf(this.#cdn);
  }

  /** Everything published and every fault is forgotten. */
  reset(): void {
    this.asked.length = this.#faults.length = 0;
    this.pageSize = 1000;
    this.spoilList = (entries) => entries;
    this.nextPage = (url) => url;
    this.#repositories.clear();
    this.#renamed.clear();
  }

  /** Makes a commit of these files, and the revision points at it. Gives its id. */
  publish(name: string, files: Readonly<Record<string, Buffer | string>>, revision = 'main'): string {
    const contents = new Map(Object.entries(files).map(([path, content]) => [path, Buffer.from(content)]));
    const id = createHash('sha1')
      .update(`${name} ${revision}`)
      .update(JSON.stringify([...contents].map(describe)))
      .digest('hex');
    const repository = this.#repositories.get(name) ?? { revisions: new Map<string, Commit>(), token: undefined, isGated: false };
    const commit = { id, files: contents };
    repository.revisions.set(revision, commit).set(id, commit);
    this.#repositories.set(name, repository);
    for (const content of contents.values()) this.#blobs.set(sha256(content), content);
    return id;
  }

  /** Strangers get a 401 as if it were not there. */
  makePrivate(name: string, token: string): void {
    const repository = this.#repositories.get(name);
    if (repository !== undefined) repository.token = token;
  }

  /** Everybody sees what there is, and nobody gets it. */
  makeGated(name: string): void {
    const repository = this.#repositories.get(name);
    if (repository !== undefined) repository.isGated = true;
  }

  rename(from: string, to: string): void {
    this.#renamed.set(from, to);
  }

  /** The next requests whose path has this part fail so, one each. */
  fail(part: string, ...faults: Fault[]): void {
    this.#faults.push({ part, left: faults });
  }

  /** Requests for contents of files whose path or hash has this part. */
  downloadsOf(content: Buffer | string, path: string): Asked[] {
    const hash = sha256(Buffer.from(content));
    return this.asked.filter(
      ({ path: asked }) => asked.includes(`/blobs/${hash}`) || (asked.includes('/resolve/') && asked.endsWith(path)),
    );
  }

  #answer(request: IncomingMessage, response: ServerResponse, isCdn: boolean): void {
    const { url = '', method = '', headers } = request;
    const path = decodeURIComponent(url);
    this.asked.push({ path, method, authorization: headers.authorization, range: headers.range });
    const fault = this.#faults.find(({ part, left }) => path.includes(part) && left.length > 0)?.left.shift();
    if (fault?.kind === 'status') {
      response.writeHead(fault.status, fault.headers).end();
      return;
    }
    const exchange = { request, response, fault };
    if (isCdn) this.#sendBlob(exchange, /\/blobs\/(\w+)/.exec(path)?.[1] ?? '');
    else this.#route(exchange, path);
  }

  #route(exchange: Exchange, path: string): void {
    const [, api, apiName = '', kind = '', apiRest = ''] =
      /^(\/api\/models)\/([^/]+\/[^/]+)\/(revision|tree)\/(.+)$/.exec(path) ?? [];
    const [, fileName = '', revision = '', file = ''] = /^\/([^/]+\/[^/]+)\/resolve\/([^/]+)\/([^?]+)/.exec(path) ?? [];
    const name = api === undefined ? fileName : apiName;
    const newName = this.#renamed.get(name);
    const { response, request } = exchange;
    if (newName !== undefined) {
      response.writeHead(307, { location: (request.url ?? '').replace(name, newName) }).end();
      return;
    }
    const repository = this.#repositories.get(name);
    if (repository === undefined || !isAllowed(repository, request)) {
      response.writeHead(401, { 'x-error-code': 'RepoNotFound', 'x-error-message': 'Repository not found' }).end();
      return;
    }
    const [wanted = ''] = (api === undefined ? revision : apiRest).split('?');
    const commit = repository.revisions.get(wanted);
    if (commit === undefined) response.writeHead(404, { 'x-error-code': 'RevisionNotFound' }).end();
    else if (kind === 'revision') sendJson(response, { _id: '1', id: name, sha: commit.id, private: false, gated: false });
    else if (kind === 'tree') this.#sendList(exchange, commit, path);
    else if (repository.isGated) response.writeHead(403, { 'x-error-code': 'GatedRepo' }).end();
    else this.#sendFile(exchange, commit, file);
  }

  #sendList({ request, response }: Exchange, commit: Commit, path: string): void {
    const from = Number(/cursor=(\d+)/.exec(path)?.[1] ?? 0);
    const folders = [...new Set([...commit.files.keys()].flatMap((file) => /^(.+)\//.exec(file)?.[1] ?? []))];
    const entries = [
      ...folders.map((folder) => ({ type: 'directory', path: folder, size: 0, oid: '0'.repeat(40) })),
      ...[...commit.files].map(describe),
    ];
    const isLast = from + this.pageSize >= entries.length;
    const [plain = ''] = (request.url ?? '').split('?');
    const next = this.nextPage(`${this.url}${plain}?recursive=true&cursor=${from + this.pageSize}`);
    if (!isLast) response.setHeader('link', `<${next}>; rel="next"`);
    sendJson(response, this.spoilList(entries.slice(from, from + this.pageSize)));
  }

  #sendFile(exchange: Exchange, commit: Commit, path: string): void {
    const { response } = exchange;
    const content = commit.files.get(path);
    response.setHeader('x-repo-commit', commit.id);
    if (content === undefined) {
      response.writeHead(404, { 'x-error-code': 'EntryNotFound' }).end();
    } else if (content.length < largeBytes) {
      sendContent(exchange, content, gitHash(content));
    } else {
      const hash = sha256(content);
      const location = `${this.cdnUrl}/blobs/${hash}?signature=secret`;
      response
        .writeHead(302, { location, 'x-linked-etag': `"${hash}"`, 'x-linked-size': content.length, etag: '"pointer"' })
        .end();
    }
  }

  #sendBlob(exchange: Exchange, hash: string): void {
    const content = this.#blobs.get(hash);
    if (content === undefined) exchange.response.writeHead(404).end();
    else sendContent(exchange, content, hash);
  }
}

interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly fault: Exclude<Fault, { kind: 'status' }> | undefined;
}

export function sha256(content: Buffer): string {
  return createHash('sha256').update(content).digest('hex');
}

/** As `git hash-object` gives it. */
export function gitHash(content: Buffer): string {
  return createHash('sha1').update(`blob ${content.length}\0`).update(content).digest('hex');
}

function describe([path, content]: readonly [string, Buffer]): Record<string, unknown> {
  const pointer = Buffer.from(
    `version https://git-lfs.github.com/spec/v1\noid sha256:${sha256(content)}\nsize ${content.length}\n`,
  );
  const entry = { type: 'file', path, size: content.length };
  if (content.length < largeBytes) return { ...entry, oid: gitHash(content) };
  return { ...entry, oid: gitHash(pointer), lfs: { oid: sha256(content), size: content.length, pointerSize: pointer.length } };
}

function isAllowed({ token }: Repository, { headers }: IncomingMessage): boolean {
  return token === undefined || headers.authorization === `Bearer ${token}`;
}

/** With ranges, as every CDN has them. */
function sendContent({ request, response, fault }: Exchange, whole: Buffer, etag: string): void {
  const start = fault?.kind === 'whole' ? 0 : Number(/^bytes=(\d+)-/.exec(request.headers.range ?? '')?.[1] ?? 0);
  const content = fault?.kind === 'corrupt' ? Buffer.from(whole.map((byte) => byte ^ 1)) : whole;
  const body = content.subarray(start);
  const named = fault?.kind === 'other-range' ? start + 1 : start;
  if (start > 0) response.setHeader('content-range', `bytes ${named}-${whole.length - 1}/${whole.length}`);
  const sent = fault?.kind === 'short' ? body.subarray(0, fault.bytes) : body;
  response.writeHead(start > 0 ? 206 : 200, { 'content-length': sent.length, etag: `"${etag}"`, 'accept-ranges': 'bytes' });
  if (request.method === 'HEAD') response.end();
  else if (fault?.kind === 'cut') response.write(body.subarray(0, fault.bytes), () => response.destroy());
  else if (fault?.kind === 'stall') response.write(body.subarray(0, fault.bytes));
  else if (fault?.kind === 'slow') sendSlowly(response, body, fault);
  else response.end(sent);
}

function sendSlowly(
  response: ServerResponse,
  body: Buffer,
  { pieceBytes, everyMs }: { pieceBytes: number; everyMs: number },
): void {
  if (response.destroyed) return;
  response.write(body.subarray(0, pieceBytes));
  const rest = body.subarray(pieceBytes);
  if (rest.length === 0) response.end();
  else setTimeout(() => sendSlowly(response, rest, { pieceBytes, everyMs }), everyMs);
}

function sendJson(response: ServerResponse, value: unknown): void {
  response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(value));
}

function urlOf(server: Server): string {
  const address = server.address();
  return typeof address === 'object' && address !== null ? `http://127.0.0.1:${address.port}` : '';
}
