/** A package registry on this machine, for a real npm: it serves tiny packages, and fails in the ways that registries do. */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';

export interface FakePackage {
  readonly name: string;
  readonly version: string;
  /** Path to content; a package.json is added. */
  readonly files: Readonly<Record<string, string>>;
  readonly scripts?: Readonly<Record<string, string>>;
}

/** `cut`: the connection ends in the middle of the archive. `stall`: it stays open, and nothing more comes. */
export type Delivery = 'whole' | 'cut' | 'stall';

export class FakeRegistry {
  readonly #server: Server;
  #package: FakePackage | undefined;
  #delivery: Delivery = 'whole';
  /** Archives that somebody asked for. */
  downloads = 0;

  constructor() {
    this.#server = createServer((request, response) => this.#answer(request, response));
  }

  async start(): Promise<void> {
    await new Promise<void>((listening) => this.#server.listen(0, '127.0.0.1', listening));
  }

  stop(): void {
    this.#server.closeAllConnections();
    this.#server.close();
  }

  get url(): string {
    const address = this.#server.address();
    return typeof address === 'object' && address !== null ? `http://127.0.0.1:${address.port}` : '';
  }

  /** The only package that there is from now on. */
  serve(served: FakePackage | undefined, delivery: Delivery = 'whole'): void {
    this.#package = served;
    this.#delivery = delivery;
  }

  #answer({ url = '' }: IncomingMessage, response: ServerResponse): void {
    const served = this.#package;
    const path = decodeURIComponent(url);
    if (served === undefined || !path.startsWith(`/${served.name}`)) {
      response.writeHead(404).end('{"error":"Not found"}');
    } else if (path.endsWith('.tgz')) {
      this.downloads++;
      this.#deliver(archiveOf(served), response);
    } else {
      response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(describePackage(served, this.url)));
    }
  }

  #deliver(archive: Buffer, response: ServerResponse): void {
    response.writeHead(200, { 'content-length': archive.length });
    if (this.#delivery === 'whole') {
      response.end(archive);
      return;
    }
    response.write(archive.subarray(0, archive.length / 2), () => {
      if (this.#delivery === 'cut') response.destroy();
    });
  }
}

/** A user with storage, cache and settings in `dir`, whose npm knows this registry and no other. */
export function environmentOf(registry: FakeRegistry, dir: string): NodeJS.ProcessEnv {
  const inherited = Object.entries(process.env).filter(([name]) => !/^npm_/i.test(name));
  return {
    ...Object.fromEntries(inherited),
    TEMPER_ACCELERATION_DIR: join(dir, 'storage'),
    npm_config_registry: registry.url,
    npm_config_cache: join(dir, 'cache'),
    npm_config_userconfig: join(dir, 'npmrc'),
    npm_config_fetch_retries: '0',
  };
}

export function hasNpm(): boolean {
  try {
    return execFileSync('npm', ['--version'], { encoding: 'utf8', shell: process.platform === 'win32' }) !== '';
  } catch {
    return false; // not on the PATH: what needs it is skipped
  }
}

/** npm's "packument", as far as an installation reads it. */
function describePackage(served: FakePackage, url: string): object {
  const { name, version, scripts = {} } = served;
  const integrity = `sha512-${createHash('sha512').update(archiveOf(served)).digest('base64')}`;
  const dist = { tarball: `${url}/${name}/-/package.tgz`, integrity };
  const manifest = { name, version, scripts, hasInstallScript: 'install' in scripts, dist };
  return { name, 'dist-tags': { latest: version }, versions: { [version]: manifest } };
}

function archiveOf({ name, version, scripts = {}, files }: FakePackage): Buffer {
  const all = { 'package.json': JSON.stringify({ name, version, scripts, main: 'index.js' }), ...files };
  const blocks = Object.entries(all).flatMap(([path, text]) => archiveEntry(`package/${path}`, Buffer.from(text)));
  return gzipSync(Buffer.concat([...blocks, Buffer.alloc(1024)]));
}

/** A file in the ustar format (POSIX.1): a header of 512 bytes, then the content in blocks of 512. */
function archiveEntry(path: string, content: Buffer): Buffer[] {
  const header = Buffer.alloc(512);
  const octal = (value: number, digits: number) => `${value.toString(8).padStart(digits, '0')}\0`;
  header.write(path, 0);
  header.write(octal(0o644, 7), 100);
  header.write(octal(content.length, 11), 124);
  header.write(octal(0, 11), 136);
  header.write(' '.repeat(8), 148); // the checksum counts itself as blanks
  header.write('0', 156); // a plain file
  header.write('ustar\x0000', 257);
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
  return [header, content, Buffer.alloc((512 - (content.length % 512)) % 512)];
}
