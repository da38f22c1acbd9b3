/**
 * Downloads a model into the Hugging Face cache, from top to bottom: ask what there is, choose the files, say what it comes
 * to, fetch what is missing, name it. A broken download leaves only parts to go on from; the revision is set last.
 */
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { statfs } from 'node:fs/promises';
import { dirname } from 'node:path';
import { repositoryDir, snapshotDir } from '../../inputs/hub-cache';
import { formatHubModelName, type PullPlan, type PullProgress } from '../../protocol';
import * as cache from './cache-layout';
import { request, type Connection } from './connection';
import { downloadBlob } from './download-blob';
import { badAnswer, cancelled, cannotWrite, diskTooSmall, wrongHash } from './failures';
import { lockRepository } from './lock';
import { findNeededFiles } from './needed-files';
import { readRepository, urlOf, type RemoteFile, type Repository } from './repository';

type OnProgress = (progress: PullProgress) => void;

/** A plan with what is needed to carry it out. */
export interface PreparedPull {
  readonly plan: PullPlan;
  readonly place: cache.CachePlace;
  readonly files: readonly RemoteFile[];
}

/** Asks the server, and writes nothing. */
export async function preparePull(connection: Connection): Promise<PreparedPull> {
  try {
    return await makePlan(connection);
  } catch (thrown) {
    throw connection.signal.aborted ? cancelled(connection.inquiry) : thrown;
  }
}

async function makePlan(connection: Connection): Promise<PreparedPull> {
  const { name, settings } = connection.inquiry;
  const repository = await readRepository(connection);
  const files = await chooseFiles(connection, repository);
  const folder = repositoryDir(settings.cacheDir, name.repository);
  const place = { repositoryDir: folder, commit: repository.commit, useLinks: settings.useLinks };
  const sizes = await Promise.all(files.map((file) => measure(place, file)));
  const plan: PullPlan = {
    kind: 'plan',
    model: formatHubModelName(name),
    commit: repository.commit,
    source: settings.endpoint,
    dir: snapshotDir(folder, repository.commit),
    files: sizes.map(({ path, bytes, missingBytes }) => ({ path, bytes, isCached: missingBytes === 0 })),
    totalBytes: sum(sizes.map(({ bytes }) => bytes)),
    missingBytes: sum(sizes.map(({ missingBytes }) => missingBytes)),
  };
  return { plan, place, files };
}

/** Returns when all of it is there. @throws RunFailure with what was downloaded kept, also when it was cancelled */
export async function carryOut(pull: PreparedPull, connection: Connection, onProgress: OnProgress): Promise<void> {
  const { inquiry, signal } = connection;
  const { plan, place } = pull;
  const progress = new ProgressReporter(plan, onProgress);
  try {
    const unlock = await lockRepository(place.repositoryDir, inquiry);
    try {
      await checkSpace(plan, inquiry.settings.cacheDir);
      for (const file of pull.files) await fetchFile(file, pull, connection, progress);
      await cache.writeRef(place, inquiry.name.revision);
    } finally {
      await unlock();
    }
  } catch (thrown) {
    if (signal.aborted) throw cancelled(inquiry, { there: progress.bytes, total: plan.totalBytes });
    throw await explainDisk(thrown, plan, inquiry.settings.cacheDir);
  }
}

/** Reads a configuration first: the Hub lists gated models to everybody, and denies only their files. */
async function chooseFiles(connection: Connection, { commit, files }: Repository): Promise<RemoteFile[]> {
  const config = files.get('config.json') ?? files.get('adapter_config.json');
  const readJson = (file: RemoteFile) => readRemoteJson(connection, commit, file);
  if (config !== undefined) await readJson(config);
  return findNeededFiles({ inquiry: connection.inquiry, files, readJson });
}

const largestJsonBytes = 100e6;

async function readRemoteJson(connection: Connection, commit: string, file: RemoteFile): Promise<unknown> {
  const { inquiry } = connection;
  if (file.bytes > largestJsonBytes) throw badAnswer(inquiry, `${file.path} has ${file.bytes} bytes`);
  const response = await request(connection, urlOf(connection, commit, file.path), {});
  const content = Buffer.from(await response.arrayBuffer());
  const found = hashOf(content, file);
  if (found !== file.hash.hex) throw wrongHash(inquiry, file.path, { expected: file.hash.hex, found });
  try {
    return JSON.parse(content.toString('utf8'));
  } catch (thrown) {
    throw badAnswer(inquiry, `${file.path} is not JSON (${thrown instanceof Error ? thrown.message : String(thrown)})`);
  }
}

function hashOf(content: Buffer, { hash }: RemoteFile): string {
  if (hash.kind === 'sha256') return createHash('sha256').update(content).digest('hex');
  return createHash('sha1').update(`blob ${content.length}\0`).update(content).digest('hex');
}

interface Size {
  readonly path: string;
  readonly bytes: number;
  readonly missingBytes: number;
}

async function measure(place: cache.CachePlace, file: RemoteFile): Promise<Size> {
  const isThere = (await cache.findCached(place, file)) !== undefined;
  const missingBytes = isThere ? 0 : file.bytes - (await cache.countIncomplete(place, file));
  return { path: file.path, bytes: file.bytes, missingBytes };
}

async function fetchFile(
  file: RemoteFile,
  pull: PreparedPull,
  connection: Connection,
  progress: ProgressReporter,
): Promise<void> {
  const { place } = pull;
  progress.begin(file);
  const found = await cache.findCached(place, file);
  if (found === undefined) {
    const [incomplete, blob] = [cache.incompleteFile(place, file), cache.blobFile(place, file)];
    const onBytes = (bytes: number) => progress.report(bytes);
    await downloadBlob({ connection, commit: place.commit, file, incomplete, blob, onBytes });
  }
  if (found !== 'pointer') await cache.giveName(place, file, found === undefined);
  progress.end();
}

const reportEveryMs = 250;

/** Some figures a second, and the last one of each file. */
class ProgressReporter {
  /** Of the whole model. */
  bytes = 0;
  private readonly plan: PullPlan;
  private readonly onProgress: OnProgress;
  private file: RemoteFile | undefined;
  private bytesBefore = 0;
  private reportedAtMs = 0;

  constructor(plan: PullPlan, onProgress: OnProgress) {
    this.plan = plan;
    this.onProgress = onProgress;
  }

  begin(file: RemoteFile): void {
    this.file = file;
    this.bytesBefore = this.bytes;
  }

  report(fileBytes: number, isLast = false): void {
    this.bytes = this.bytesBefore + fileBytes;
    if (this.file === undefined || (!isLast && Date.now() - this.reportedAtMs < reportEveryMs)) return;
    this.reportedAtMs = Date.now();
    const { path: file, bytes: fileTotalBytes } = this.file;
    this.onProgress({ kind: 'progress', file, fileBytes, fileTotalBytes, bytes: this.bytes, totalBytes: this.plan.totalBytes });
  }

  end(): void {
    this.report(this.file?.bytes ?? 0, true);
  }
}

async function checkSpace({ missingBytes }: PullPlan, cacheDir: string): Promise<void> {
  const free = await readFreeBytes(cacheDir);
  if (missingBytes > free) throw diskTooSmall(cacheDir, { missing: missingBytes, free });
}

/** Of the disk that the folder is on, or will be. */
async function readFreeBytes(dir: string): Promise<number> {
  let existing = dir;
  while (!existsSync(existing) && dirname(existing) !== existing) existing = dirname(existing);
  const { bavail, bsize } = await statfs(existing);
  return bavail * bsize;
}

/** What the system says of a disk, as words with numbers; anything else as it is. */
async function explainDisk(thrown: unknown, { missingBytes }: PullPlan, cacheDir: string): Promise<unknown> {
  const code = thrown instanceof Error && 'code' in thrown ? String(thrown.code) : '';
  if (code === 'ENOSPC' || code === 'EDQUOT')
    return diskTooSmall(cacheDir, { missing: missingBytes, free: await readFreeBytes(cacheDir) });
  const isSystem = thrown instanceof Error && 'syscall' in thrown; // of the network none comes here
  return isSystem ? cannotWrite(cacheDir, missingBytes, thrown.message) : thrown;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
