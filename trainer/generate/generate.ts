/**
 * A decoder continues texts, token by token, with a key-value cache: each pass reads only what is new, and only the last
 * token of each row goes through the head. All rows are written at once; a row that has ended leaves the batch.
 */
import { createRandom, type Random } from '../../dataset/seeded-random';
import { RunFailure } from '../../protocol';
import type { TextModel, Tuning } from '../models/model';
import { runBackbone } from '../models/run-backbone';
import { startsOf } from '../ops/sequences';
import * as tf from '../tensors';
import { chooseToken, greedy, type Sampling } from './choose-token';
import { createKeyValueCache, type OwnedCache } from './key-value-cache';

export interface GenerationOptions {
  /** At least 1. */
  readonly maxNewTokens: number;
  /** By default the best token, always. */
  readonly sampling?: Sampling;
  /** Each row draws by itself, so that what it becomes does not depend on the rows beside it. Default 0. */
  readonly seed?: number;
  /** Tokens that end a text and are no part of it. */
  readonly stopIds?: readonly number[];
  /** End a text as soon as it contains one of them. */
  readonly stopStrings?: StopStrings;
  /** Looked at before every pass. What was written until then stays. */
  readonly signal?: AbortSignal | undefined;
}

export interface StopStrings {
  readonly strings: readonly string[];
  /** From what a row has written so far to text. */
  decode(ids: readonly number[]): string;
}

export type Ending = 'stop-token' | 'stop-string' | 'max-new-tokens' | 'max-length' | 'aborted';

/** What happens to a row: a token was written, or nothing more comes. */
export type GenerationEvent =
  | { readonly kind: 'token'; readonly row: number; readonly id: number }
  | { readonly kind: 'ended'; readonly row: number; readonly ending: Ending };

export interface Completion {
  /** Without the prompt and the stop token; a stop string is still in it. */
  readonly ids: readonly number[];
  readonly ending: Ending;
}

/** Continues every prompt. @throws RunFailure 'bad-data' for a prompt that is empty or longer than the model can read */
export async function generate(
  model: Pick<TextModel, 'backbone' | 'head'>,
  tuning: Tuning,
  prompts: readonly ArrayLike<number>[],
  options: GenerationOptions,
): Promise<Completion[]> {
  const written = prompts.map((): number[] => []);
  const endings = new Map<number, Ending>();
  for await (const event of generateTokens(model, tuning, prompts, options)) {
    if (event.kind === 'token') written[event.row]?.push(event.id);
    else endings.set(event.row, event.ending);
  }
  return written.map((ids, row) => ({ ids, ending: endings.get(row) ?? 'aborted' }));
}

/** As `generate`, while it happens. Whoever leaves the iteration early ends it: nothing stays in memory. */
export async function* generateTokens(
  model: Pick<TextModel, 'backbone' | 'head'>,
  tuning: Tuning,
  prompts: readonly ArrayLike<number>[],
  options: GenerationOptions,
): AsyncGenerator<GenerationEvent> {
  const room = model.backbone.maxLength - tuning.promptLength - tuning.prefixLength;
  requireFits(prompts, room);
  const { signal, seed = 0 } = options;
  let rows = prompts.map((prompt, row) => startRow(prompt, row, createRandom(seed + row)));
  const cache = createKeyValueCache(rows.length);
  try {
    while (rows.length > 0 && !signal?.aborted) {
      const scores = await scoreNext(model, { tuning, cache }, rows);
      for (const [index, row] of rows.entries()) yield* advance(row, scores[index] ?? new Float32Array(), options, room);
      rows = leaveEnded(rows, cache);
      await new Promise((resolve) => setImmediate(resolve)); // whoever holds the signal gets a turn
    }
    for (const { row } of rows) yield { kind: 'ended', row, ending: 'aborted' };
  } finally {
    cache.dispose();
  }
}

/** A text that is being written. */
interface Row {
  readonly row: number;
  readonly promptLength: number;
  /** The prompt and what was written. */
  readonly ids: number[];
  /** How many of `ids` the model has read. */
  read: number;
  readonly random: Random;
  ended: boolean;
}

function startRow(prompt: ArrayLike<number>, row: number, random: Random): Row {
  return { row, promptLength: prompt.length, ids: Array.from(prompt), read: 0, random, ended: false };
}

/** The scores of every token to come next, for each row; what the rows have not read is read. */
async function scoreNext(
  { backbone, head }: Pick<TextModel, 'backbone' | 'head'>,
  { tuning, cache }: { readonly tuning: Tuning; readonly cache: OwnedCache },
  rows: readonly Row[],
): Promise<Float32Array[]> {
  const fresh = rows.map(({ ids, read }) => ids.slice(read));
  const batch = { rows: rows.length, ids: Int32Array.from(fresh.flat()), starts: startsOf(fresh.map(({ length }) => length)) };
  const scores = tf.tidy(() => {
    const pass = { tuning, cache };
    const { x, ...layout } = runBackbone(backbone, batch, pass, 'last-token'); // [rows, hidden]
    return head.apply(x, layout, pass); // [rows, vocabulary]
  });
  cache.endPass();
  for (const row of rows) row.read = row.ids.length;
  const values = await scores.data<'float32'>();
  scores.dispose();
  const [, vocabulary] = scores.shape;
  return rows.map((_, index) => values.slice(index * vocabulary, (index + 1) * vocabulary));
}

/** Writes a row's next token, or ends it. */
function* advance(row: Row, scores: Float32Array, options: GenerationOptions, room: number): Generator<GenerationEvent> {
  const { sampling = greedy, stopIds = [] } = options;
  const id = chooseToken(scores, sampling, row.ids, row.random);
  if (!stopIds.includes(id)) {
    row.ids.push(id);
    yield { kind: 'token', row: row.row, id };
  }
  const ending = stopIds.includes(id) ? 'stop-token' : endingOf(row, options, room);
  if (ending === undefined) return;
  row.ended = true;
  yield { kind: 'ended', row: row.row, ending };
}

function endingOf(
  { ids, promptLength }: Row,
  { maxNewTokens, stopStrings }: GenerationOptions,
  room: number,
): Ending | undefined {
  const text = stopStrings?.decode(ids.slice(promptLength)) ?? '';
  if (stopStrings?.strings.some((stop) => text.includes(stop))) return 'stop-string';
  if (ids.length - promptLength >= maxNewTokens) return 'max-new-tokens';
  return ids.length > room ? 'max-length' : undefined; // the last token was never to be read
}

function leaveEnded(rows: readonly Row[], cache: OwnedCache): Row[] {
  const writing = rows.filter(({ ended }) => !ended);
  if (writing.length > 0 && writing.length < rows.length) cache.keepRows(writing.map((row) => rows.indexOf(row)));
  return writing;
}

function requireFits(prompts: readonly ArrayLike<number>[], room: number): void {
  const misfits = prompts.flatMap(({ length }, row) =>
    length === 0 || length > room ? [`prompt ${row + 1} has ${length} tokens`] : [],
  );
  if (misfits.length === 0) return;
  throw new RunFailure({
    code: 'bad-data',
    message: `The model continues texts of 1 to ${room} tokens: ${misfits.join('; ')}.`,
    hint: 'Shorten the text, or write something for the model to begin with.',
  });
}
