/** What can go wrong while a model is downloaded, in words: what was asked, what was found, what to do. A token is never among them. */
import { formatHubModelName, formatSize, RunFailure, type ErrorCode, type HubModelName } from '../../protocol';
import type { HubSettings } from './settings';

/** What is asked, and of whom. */
export interface Inquiry {
  readonly name: HubModelName;
  readonly settings: HubSettings;
}

const tokensPage = 'https://huggingface.co/settings/tokens';
const again = 'What was downloaded is kept: the same command goes on from there.';

/** An answer that is no success, and that asking again would not change. */
export function describeRefusal(response: Response, inquiry: Inquiry): RunFailure {
  const { name, settings } = inquiry;
  const reason = response.headers.get('x-error-code') ?? '';
  if (reason === 'RevisionNotFound') return noSuchRevision(inquiry);
  if (reason === 'GatedRepo') return gated(inquiry);
  if (response.status === 401 || response.status === 403) return denied(response.status, inquiry);
  if (response.status === 404 && reason !== 'EntryNotFound') return noSuchModel(inquiry);
  const said = response.headers.get('x-error-message') || response.statusText;
  return failure(
    'download-failed',
    `${settings.endpoint} answered ${response.status}${said === '' ? '' : ` (${said})`} when it was asked for ${shortPath(response.url)} of ${name.repository}.`,
    `Look at ${pageOf(inquiry)} whether the model is still there.`,
  );
}

/** The Hub does not tell strangers which private models there are: it denies both, those and the ones that are not. */
function denied(status: 401 | 403, inquiry: Inquiry): RunFailure {
  const { name, settings } = inquiry;
  if (settings.token === undefined)
    return failure(
      'access-denied',
      `${settings.endpoint} does not show ${name.repository} to visitors (${status}): it is private or gated, or there is no model of that name.`,
      `Check the name. If it is right, make a token with read access at ${tokensPage} and put it into HF_TOKEN.`,
    );
  return failure(
    'access-denied',
    `${settings.endpoint} does not give ${name.repository} to the owner of your token (${status}): the token is wrong or has ended, it lacks the right to read this model, or there is no model of that name.`,
    `Check the name, and the token at ${tokensPage}.`,
  );
}

function gated(inquiry: Inquiry): RunFailure {
  const { name, settings } = inquiry;
  const token = settings.token === undefined ? `, make a token at ${tokensPage} and put it into HF_TOKEN` : '';
  return failure(
    'access-denied',
    `${name.repository} is gated: its authors give it to those who have accepted their terms.`,
    `Accept them at ${pageOf(inquiry)}${token}, and try again.`,
  );
}

function noSuchModel({ name, settings }: Inquiry): RunFailure {
  return failure(
    'download-failed',
    `There is no model "${name.repository}" at ${settings.endpoint}.`,
    'A name has two parts, as in "sentence-transformers/all-MiniLM-L6-v2". Copy it from the top of the model’s page.',
  );
}

function noSuchRevision(inquiry: Inquiry): RunFailure {
  const { repository, revision } = inquiry.name;
  const message = `${repository} has no revision "${revision}".`;
  return failure('download-failed', message, `Its branches and tags stand at ${pageOf(inquiry)}/tree/main.`);
}

/** It asked us to wait for longer than anybody would watch. */
export function tooManyRequests({ settings }: Inquiry, waitMs: number): RunFailure {
  const minutes = Math.ceil(waitMs / 60_000);
  const message = `${settings.endpoint} wants no more requests for ${minutes} minutes (429).`;
  const hint = settings.token === undefined ? ' With a token in HF_TOKEN the limits are higher.' : '';
  return failure('download-failed', message, `Try again later. ${again}${hint}`);
}

export function keptFailing({ settings }: Inquiry, what: string, attempts: number): RunFailure {
  const message = `${settings.endpoint} failed ${attempts} times in a row: ${what}.`;
  return failure('download-failed', message, `Check the connection, or try again later. ${again}`);
}

export function unreachable({ settings }: Inquiry, reason: string): RunFailure {
  return failure(
    'download-failed',
    `${settings.endpoint} could not be reached: ${reason}.`,
    'Check the connection. Behind a proxy, name it in HTTPS_PROXY (which takes Node 24); another server can be named in HF_ENDPOINT.',
  );
}

export function certificateRefused({ settings }: Inquiry, reason: string): RunFailure {
  return failure(
    'download-failed',
    `The certificate of ${settings.endpoint} is not trusted (${reason}).`,
    'Behind a proxy that has a certificate of its own, name its file in NODE_EXTRA_CA_CERTS.',
  );
}

export function badAnswer({ settings }: Inquiry, found: string): RunFailure {
  const message = `${settings.endpoint} answered something that cannot be used: ${found}.`;
  return failure('download-failed', message, 'If HF_ENDPOINT names a mirror, try without it.');
}

/** Nothing of what the server offers is taken when one of its names leads out of the cache. */
export function unsafeName({ name, settings }: Inquiry, path: string): RunFailure {
  return failure(
    'download-failed',
    `${settings.endpoint} lists a file of ${name.repository} that would lie outside of its folder: ${JSON.stringify(path)}. Nothing was downloaded.`,
    'Do not use this model: no honest repository has such a file.',
  );
}

/** `found` says what the repository has instead. */
export function notAModel({ name }: Inquiry, found: string): RunFailure {
  return failure(
    'download-failed',
    `${name.repository} cannot be used by Temper: ${found}. Nothing was downloaded.`,
    'Look for another copy of the model, one with model.safetensors. Temper reads no pickle (.bin), ONNX or GGUF files.',
  );
}

export function wrongHash({ settings }: Inquiry, path: string, hashes: { expected: string; found: string }): RunFailure {
  return failure(
    'download-failed',
    `${path} arrived damaged from ${settings.endpoint}: its hash is ${hashes.found} instead of ${hashes.expected}. It was removed.`,
    'Try again. If it stays so, something between you and the server changes files.',
  );
}

/** Without figures when it had not begun. */
export function cancelled({ name }: Inquiry, bytes?: { there: number; total: number }): RunFailure {
  const there = bytes === undefined ? 'before it began' : `with ${formatSize(bytes.there)} of ${formatSize(bytes.total)} there`;
  const message = `The download of ${name.repository} was cancelled ${there}.`;
  return failure('download-failed', message, `To go on: temper pull ${formatHubModelName(name)}`);
}

export function alreadyPulling({ name }: Inquiry, holder: string): RunFailure {
  return failure('download-failed', `${name.repository} is being downloaded already, by ${holder}.`, 'Wait until it is done.');
}

export function diskTooSmall(dir: string, bytes: { missing: number; free: number }): RunFailure {
  return failure(
    'disk-full',
    `${formatSize(bytes.missing)} are still to be downloaded, and ${formatSize(bytes.free)} are free in ${dir}.`,
    'Free some space, or name a folder on another disk in HF_HUB_CACHE.',
  );
}

export function cannotWrite(dir: string, needed: number, reason: string): RunFailure {
  return failure(
    'download-failed',
    `The cache in ${dir} cannot be written to (${reason}); ${formatSize(needed)} should go there.`,
    'Correct the permissions of that folder, or name another one in HF_HUB_CACHE.',
  );
}

function pageOf({ name, settings }: Inquiry): string {
  return `${settings.endpoint}/${name.repository}`;
}

/** Without the server and what stands behind a question mark: addresses of a CDN carry signatures. */
function shortPath(url: string): string {
  return URL.canParse(url) ? new URL(url).pathname : 'a file';
}

function failure(code: ErrorCode, message: string, hint: string): RunFailure {
  return new RunFailure({ code, message, hint });
}
