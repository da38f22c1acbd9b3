/**
 * Where the Hub is, where its cache lies, and who we are there: from the environment variables and files that every tool of
 * Hugging Face's reads. Nothing here is Temper's own, so what is set up for Python is set up for us.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expandPath, hubCacheDir, hubHome } from '../../inputs/hub-cache';
import { RunFailure } from '../../protocol';
import { isMissing } from '../../runs/paths';

export interface HubSettings {
  /** Without a slash at the end. */
  readonly endpoint: string;
  readonly cacheDir: string;
  readonly token: string | undefined;
  /** How long a server may say nothing. */
  readonly timeoutMs: number;
  /** False where the user does not want links, or where files must not be shared: then the cache holds files. */
  readonly useLinks: boolean;
}

const defaultEndpoint = 'https://huggingface.co';
const defaultTimeoutSeconds = 30;

/** @throws RunFailure 'bad-usage' for a variable that cannot be meant, 'download-failed' when the user works offline */
export async function readHubSettings(environment: NodeJS.ProcessEnv): Promise<HubSettings> {
  if (isTrue(environment['HF_HUB_OFFLINE'])) throw offline();
  return {
    endpoint: parseEndpoint(environment['HF_ENDPOINT'] || defaultEndpoint),
    cacheDir: hubCacheDir(environment),
    token: await readToken(environment),
    timeoutMs: parseSeconds(environment['HF_HUB_DOWNLOAD_TIMEOUT']) * 1000,
    useLinks: !isTrue(environment['HF_HUB_DISABLE_SYMLINKS']),
  };
}

async function readToken(environment: NodeJS.ProcessEnv): Promise<string | undefined> {
  const file = environment['HF_TOKEN_PATH'] || join(hubHome(environment), 'token');
  const named = environment['HF_TOKEN'] || environment['HUGGING_FACE_HUB_TOKEN'];
  const token = (named ?? (await readTokenFile(expandPath(file, environment)))).trim();
  if (token === '') return undefined;
  if (/^[\x21-\x7e]+$/.test(token)) return token;
  const place = named === undefined ? `The token in ${file}` : 'The token in HF_TOKEN';
  throw badUsage(`${place} is not one word of ASCII characters.`, 'Copy it again from https://huggingface.co/settings/tokens.');
}

async function readTokenFile(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (thrown) {
    if (isMissing(thrown)) return '';
    throw badUsage(`The token in ${file} cannot be read: ${String(thrown)}.`, 'Correct its permissions, or set HF_TOKEN.');
  }
}

function parseEndpoint(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url?.protocol === 'https:' || url?.protocol === 'http:') return text.replace(/\/+$/, '');
  throw badUsage(`HF_ENDPOINT is "${text}", which is not the address of a server.`, `The usual one is ${defaultEndpoint}.`);
}

function parseSeconds(text: string | undefined): number {
  if (text === undefined || text === '') return defaultTimeoutSeconds;
  if (/^\d+$/.test(text) && Number(text) > 0) return Number(text);
  throw badUsage(`HF_HUB_DOWNLOAD_TIMEOUT is "${text}".`, 'It takes a number of seconds, at least 1.');
}

function isTrue(text: string | undefined): boolean {
  return ['1', 'ON', 'YES', 'TRUE'].includes(text?.toUpperCase() ?? '');
}

function offline(): RunFailure {
  const message = 'Nothing was downloaded: HF_HUB_OFFLINE forbids it.';
  return new RunFailure({ code: 'download-failed', message, hint: 'Unset it to let Temper ask the server.' });
}

function badUsage(message: string, hint: string): RunFailure {
  return new RunFailure({ code: 'bad-usage', message, hint });
}
