/**
 * One way to ask the Hub: with the token, but only there; with a limit on silence, also in the middle of a body; again after
 * what passes (429, 5xx, a connection that dropped), and with words for what does not. Knows nothing of files.
 */
import { setTimeout as wait } from 'node:timers/promises';
import { RunFailure } from '../../protocol';
import { certificateRefused, describeRefusal, keptFailing, tooManyRequests, unreachable, type Inquiry } from './failures';

export interface Connection {
  readonly inquiry: Inquiry;
  /** Aborting ends every request and every wait; both then throw the signal's reason. */
  readonly signal: AbortSignal;
  /** For people: that something failed and is tried again. */
  readonly onRetry: (text: string) => void;
  /** Before the second attempt; doubled for each one after. */
  readonly firstWaitMs: number;
}

export const attempts = 5;
const longestWaitMs = 60_000;
const passing = new Set([408, 429, 500, 502, 503, 504]);

/** Something that may be better the next time. Everything else that a request throws is a `RunFailure`. */
export class PassingFault extends Error {
  /** What the server asked for. */
  readonly waitMs: number | undefined;

  constructor(message: string, waitMs?: number) {
    super(message);
    this.waitMs = waitMs;
  }
}

/** A `fetch` whose answers are successes. Reading a body may still throw a `PassingFault`. */
export async function request(connection: Connection, url: string, headers: Readonly<Record<string, string>>): Promise<Response> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await requestOnce(connection, url, headers);
    } catch (thrown) {
      await recover(connection, thrown, attempt);
    }
  }
}

/** Waits before the next attempt, the longer the more there were. Throws what no further attempt would change. */
export async function recover(connection: Connection, thrown: unknown, attempt: number): Promise<void> {
  const { inquiry, signal, firstWaitMs, onRetry } = connection;
  signal.throwIfAborted();
  const fault = thrown instanceof PassingFault ? thrown : explain(thrown, inquiry);
  if (!(fault instanceof PassingFault)) throw fault;
  if (fault.waitMs !== undefined && fault.waitMs > longestWaitMs) throw tooManyRequests(inquiry, fault.waitMs);
  if (attempt >= attempts) throw keptFailing(inquiry, fault.message, attempt);
  const waitMs = fault.waitMs ?? firstWaitMs * 2 ** (attempt - 1);
  onRetry(
    `${inquiry.settings.endpoint}: ${fault.message}. Trying again in ${(waitMs / 1000).toFixed(1)} s (${attempt} of ${attempts - 1}).`,
  );
  await wait(waitMs, undefined, { signal }).catch(() => signal.throwIfAborted());
}

async function requestOnce(connection: Connection, url: string, headers: Readonly<Record<string, string>>): Promise<Response> {
  const { inquiry, signal } = connection;
  const silence = new SilenceLimit(inquiry.settings.timeoutMs);
  const response = await fetch(url, {
    headers: { 'user-agent': 'temper', ...headers, ...authorization(inquiry, url) },
    signal: AbortSignal.any([signal, silence.signal]),
  });
  if (response.ok) return withLimit(response, silence);
  silence.end();
  await response.body?.cancel();
  if (passing.has(response.status)) throw new PassingFault(describeStatus(response), parseRetryAfter(response));
  throw describeRefusal(response, inquiry);
}

/** A page may name a next one anywhere, and a redirect may lead anywhere: `fetch` drops the token there by itself. */
function authorization({ settings }: Inquiry, url: string): Record<string, string> {
  const isHub = new URL(url).origin === new URL(settings.endpoint).origin;
  return isHub && settings.token !== undefined ? { authorization: `Bearer ${settings.token}` } : {};
}

/** Ends a request when nothing has come for too long. */
class SilenceLimit {
  readonly signal: AbortSignal;
  private readonly controller = new AbortController();
  private readonly limitMs: number;
  private timer: NodeJS.Timeout | undefined;

  constructor(limitMs: number) {
    this.limitMs = limitMs;
    this.signal = this.controller.signal;
    this.restart();
  }

  restart(): void {
    clearTimeout(this.timer);
    const fault = new PassingFault(`it said nothing for ${this.limitMs / 1000} seconds`);
    this.timer = setTimeout(() => this.controller.abort(fault), this.limitMs).unref();
  }

  end(): void {
    clearTimeout(this.timer);
  }
}

function withLimit(response: Response, silence: SilenceLimit): Response {
  const watched = response.body?.pipeThrough(
    new TransformStream<Uint8Array, Uint8Array>({
      transform(chunk, controller) {
        silence.restart();
        controller.enqueue(chunk);
      },
      flush: () => silence.end(),
    }),
  );
  const { status, statusText, headers } = response;
  return new Response(watched ?? null, { status, statusText, headers });
}

function describeStatus({ status, statusText }: Response): string {
  if (status === 429) return 'it wants fewer requests (429)';
  return `it answered ${status}${statusText === '' ? '' : ` ${statusText}`}`;
}

/** Seconds or a date, as HTTP has it. */
function parseRetryAfter({ headers }: Response): number | undefined {
  const text = headers.get('retry-after');
  if (text === null) return undefined;
  const ms = /^\d+$/.test(text) ? Number(text) * 1000 : Date.parse(text) - Date.now();
  return Number.isNaN(ms) ? undefined : Math.max(0, ms);
}

const unreachableCodes = new Set(['ENOTFOUND', 'ECONNREFUSED', 'ENETUNREACH', 'EHOSTUNREACH']);
const droppedCodes = new Set(['ECONNRESET', 'ECONNABORTED', 'EPIPE', 'ETIMEDOUT', 'EAI_AGAIN']);

/** What `fetch` and its bodies throw: the system's word is in the cause. What a disk throws is none of ours. */
function explain(thrown: unknown, inquiry: Inquiry): unknown {
  if (thrown instanceof RunFailure || !(thrown instanceof Error)) return thrown;
  const cause = thrown.cause instanceof Error ? thrown.cause : thrown;
  const code = 'code' in cause ? String(cause.code) : '';
  const reason = cause.message || code; // of several addresses tried, there is no message
  if (/CERT|DEPTH_ZERO|UNABLE_TO_/.test(code)) return certificateRefused(inquiry, code);
  if (unreachableCodes.has(code)) return unreachable(inquiry, reason);
  const isDropped = droppedCodes.has(code) || code.startsWith('UND_ERR_') || /^(?:fetch failed|terminated)$/.test(thrown.message);
  return isDropped ? new PassingFault(`the connection ended (${reason})`) : thrown;
}
