/**
 * Instruction tuning: conversations, of which the model learns the assistant's words and nothing else. Judged by the loss
 * over the assistant's tokens in held-out conversations, and by what it writes when it is asked.
 */
import type { ChatMessage, ChatRow, DataRow } from '../../dataset/shapes/rows';
import { asTemplatesTakeThem, encodeConversation } from '../../inputs/encode-row';
import { RunFailure, type EvaluatedRow, type InstructionTuningConfig, type Sample } from '../../protocol';
import type { EncodedRow, LabelledBatch } from '../batches';
import { forEachBatch, requireFiniteLoss } from '../evaluate';
import { generate, type GenerationOptions } from '../generate/generate';
import type { LoadedModel } from '../model-folder';
import type { HiddenStates, Tuning } from '../models/model';
import { NO_LABEL } from '../ops/labelled';
import type { Writing } from '../writing';
import { scoreTokens } from './score-tokens';
import type { EncodedSplit, Evaluation, EvaluationOptions, Task } from './task';

export function createInstructionTuning(model: LoadedModel, config: InstructionTuningConfig, maxLength: number): Task {
  const longest = Math.min(maxLength, model.backbone.maxLength);
  return {
    maxLength: longest,
    encode: (row, index) => encodeRow(row, index, model, longest),
    evaluate: (tuning, split, options) => evaluate(model, tuning, split, options),
    ...(config.samples > 0 && { sample: (tuning, split) => sample(model, tuning, split.rows, config) }),
  };
}

/** The label of a token is the token after it, where that one is the assistant's. */
function encodeRow(row: DataRow, index: number, model: LoadedModel, maxLength: number): EncodedRow {
  if (row.kind !== 'chat') throw new Error(`Row ${index} is no conversation.`);
  const { ids: all, isAssistant } = encodeConversation(row, { template: writingOf(model).template, tokenizer: model.tokenizer });
  const ids = all.slice(0, maxLength);
  const labels = ids.map((_, token) =>
    token + 1 < ids.length && isAssistant[token + 1] === 1 ? (ids[token + 1] ?? NO_LABEL) : NO_LABEL,
  );
  if (labels.every((label) => label === NO_LABEL)) throw nothingToLearn(row, all.length, maxLength);
  return { ids, labels, index };
}

function nothingToLearn({ line }: ChatRow, tokens: number, maxLength: number): RunFailure {
  return new RunFailure({
    code: 'bad-data',
    message: `The conversation in line ${line} has ${tokens} tokens, and no word of the assistant is among the first ${maxLength}.`,
    hint: 'Raise "training.maxLength", or shorten what comes before the answer.',
    line,
  });
}

function writingOf({ writing }: LoadedModel): Writing {
  if (writing === undefined) throw new Error('Only a causal language model can be tuned on conversations.');
  return writing;
}

/** What the model answers to the first rows, greedily: the same weights always say the same. */
async function sample(
  model: LoadedModel,
  tuning: Tuning,
  rows: readonly DataRow[],
  { samples, maxNewTokens }: InstructionTuningConfig,
): Promise<Sample[]> {
  const asked = rows.filter((row) => row.kind === 'chat').slice(0, samples);
  const completions = await answer(model, tuning, asked.map(questionOf), { maxNewTokens });
  return asked.map((row, index) => {
    const { prompt, completion: expected } = lastExchange(row);
    return { prompt, expected, completion: completions[index] ?? '' };
  });
}

/** The conversation up to where the assistant speaks last. */
function questionOf({ messages }: ChatRow): readonly ChatMessage[] {
  const answer = messages.findLastIndex(({ role }) => role === 'assistant');
  return messages.slice(0, Math.max(0, answer));
}

/** The assistant's next words in each conversation. */
export async function answer(
  model: LoadedModel,
  tuning: Tuning,
  conversations: readonly (readonly ChatMessage[])[],
  options: Omit<GenerationOptions, 'stopIds'>,
): Promise<string[]> {
  const { template, defaults } = writingOf(model);
  const { tokenizer, backbone } = model;
  const room = backbone.maxLength - tuning.promptLength - tuning.prefixLength - 1;
  const prompts = conversations.map((messages) => {
    const text = template.renderChat(asTemplatesTakeThem(messages), { addGenerationPrompt: true });
    return tokenizer.encodeParts(text, { addSpecialTokens: false }).slice(-room); // of what is too long, the end matters
  });
  const completions = await generate(model, tuning, prompts, { ...options, stopIds: defaults.stopIds });
  return completions.map(({ ids }) => tokenizer.decode(ids, { skipSpecialTokens: true }).trim());
}

/** One row, scored. */
interface RowScore {
  readonly index: number;
  readonly tokens: number;
  /** Sum over the tokens of -log of the probability given to the right one. */
  readonly loss: number;
  /** Tokens whose most probable next token was the right one. */
  readonly correct: number;
}

async function evaluate(
  model: LoadedModel,
  tuning: Tuning,
  { rows, encoded }: EncodedSplit,
  options: EvaluationOptions,
): Promise<Evaluation> {
  const scores = await forEachBatch(encoded, options, (batch, from) => scoreBatch(model, tuning, batch, from));
  const sum = (of: (score: RowScore) => number) => scores.reduce((total, score) => total + of(score), 0);
  const tokens = sum((score) => score.tokens);
  const loss = sum((score) => score.loss) / tokens;
  requireFiniteLoss(loss);
  return {
    rows: scores.length,
    metrics: { loss, perplexity: Math.exp(loss), accuracy: sum(({ correct }) => correct) / tokens },
    perLabel: [],
    predictions: scores.flatMap((score) => describeRow(rows[score.index], score)),
  };
}

async function scoreBatch(model: LoadedModel, tuning: Tuning, packed: LabelledBatch, from?: HiddenStates): Promise<RowScore[]> {
  const { losses, correct } = await scoreTokens(model, tuning, packed, from);
  let at = 0;
  return packed.encoded.map(({ index, labels }) => {
    const tokens = labels.filter((label) => label !== NO_LABEL).length;
    const [begin, end] = [at, (at += tokens)];
    const loss = losses.subarray(begin, end).reduce((total, value) => total + value, 0);
    return { index, tokens, loss, correct: correct.subarray(begin, end).reduce((total, value) => total + value, 0) };
  });
}

function describeRow(row: DataRow | undefined, { tokens, loss, correct }: RowScore): EvaluatedRow[] {
  if (row?.kind !== 'chat') return [];
  const { prompt, completion } = lastExchange(row);
  return [{ line: row.line, prompt, completion, tokens, loss: loss / tokens, accuracy: correct / tokens }];
}

/** What the assistant said last, and what it answered to. */
export function lastExchange({ messages }: Pick<ChatRow, 'messages'>): { prompt: string; completion: string } {
  const answer = messages.findLastIndex(({ role }) => role === 'assistant');
  const question = messages.slice(0, Math.max(0, answer)).findLast(({ role }) => role === 'user');
  return { prompt: question?.content ?? '', completion: messages[answer]?.content ?? '' };
}
