/**
 * A conversation as tokens to learn from, with a mask of the assistant's own: its words and the token that ends its turn,
 * neither the prompt that opens the turn nor the line break behind it. The whole text is encoded once, as it will be when
 * the model is used; turns are found in it by rendering the conversation up to each of them.
 */
import { RunFailure } from '../protocol';
import { generationMarks, type ChatMessage, type ChatTemplate, type RenderOptions } from './chat-template';
import { findTokenBoundaries } from './token-boundaries';
import type { Tokenizer } from './tokenizer';

export interface TrainingText {
  readonly text: string;
  readonly ids: Int32Array;
  /** 1 for each token that the assistant says, 0 for each that it is given. */
  readonly isAssistant: Uint8Array;
  /** Where it says them, in their order. */
  readonly turns: readonly AssistantTurn[];
}

/** In the text and among the tokens; both ends are exclusive. */
export interface AssistantTurn extends Span {
  readonly firstToken: number;
  readonly endToken: number;
}

/** A stretch of the text, `end` exclusive. */
interface Span {
  readonly start: number;
  readonly end: number;
}

/**
 * @throws RunFailure 'bad-data' when the template refuses the conversation, 'bad-model' when its rendering gives no way to
 * tell who said what
 */
export function renderForTraining(
  template: ChatTemplate,
  tokenizer: Tokenizer,
  messages: readonly ChatMessage[],
  options: Omit<RenderOptions, 'addGenerationPrompt'> = {},
): TrainingText {
  const text = template.renderChat(messages, options);
  const render = { template, messages, options, text };
  const spans = template.marksGeneration ? findMarkedSpans(render) : findTurns(render, tokenizer);
  const ids = tokenizer.encodeParts(text, { addSpecialTokens: false }); // the template writes them
  const boundaries = findTokenBoundaries(tokenizer, text, ids);
  if (boundaries === undefined) {
    throw unclear('its tokenizer changes the text, so that no place in it can be found among the tokens');
  }
  const turns = spans.map(({ start, end }) => {
    return { start, end, firstToken: boundaries.before(start), endToken: boundaries.through(end) };
  });
  const isAssistant = new Uint8Array(ids.length);
  for (const { firstToken, endToken } of turns) isAssistant.fill(1, firstToken, endToken);
  return { text, ids, isAssistant, turns };
}

interface Rendering {
  readonly template: ChatTemplate;
  readonly messages: readonly ChatMessage[];
  readonly options: RenderOptions;
  /** The whole conversation. */
  readonly text: string;
}

/** What the template itself puts between `{% generation %}` and `{% endgeneration %}`. */
function findMarkedSpans({ template, messages, options, text }: Rendering): Span[] {
  const marked = template.renderMarked(messages, options);
  const spans: Span[] = [];
  let [plain, start] = ['', 0];
  for (const part of marked.split(new RegExp(`(?<=[${generationMarks.start}${generationMarks.end}])`, 'u'))) {
    const mark = part.at(-1);
    const isMark = mark === generationMarks.start || mark === generationMarks.end;
    plain += isMark ? part.slice(0, -1) : part;
    if (mark === generationMarks.start) start = plain.length;
    if (mark === generationMarks.end) spans.push({ start, end: plain.length });
  }
  if (plain !== text) throw unclear('its text depends on the {% generation %} blocks in it');
  return spans;
}

/** From where the prompt of each assistant turn ends to where the turn does. */
function findTurns({ template, messages, options, text }: Rendering, tokenizer: Tokenizer): Span[] {
  return messages.flatMap(({ role }, index) => {
    if (role !== 'assistant') return [];
    const earlier = messages.slice(0, index);
    const before = index === 0 ? '' : template.renderChat(earlier, options);
    const prompted = index === 0 ? '' : template.renderChat(earlier, { ...options, addGenerationPrompt: true });
    const through = template.renderChat(messages.slice(0, index + 1), options);
    if (!text.startsWith(through) || !through.startsWith(before)) {
      throw unclear(`it changes a turn when others follow (message ${index + 1} of ${messages.length} or one before it)`);
    }
    // A prompt may open with more than the turn will have, a thought to be filled in; what both have in common is given.
    const start = Math.max(before.length, commonLength(prompted, through));
    return [{ start, end: start + withoutFinalSpace(through.slice(start), tokenizer) }];
  });
}

/** Line breaks between turns are not said by anybody: the assistant stops with the token that ends its turn. */
function withoutFinalSpace(turn: string, tokenizer: Tokenizer): number {
  const trimmed = turn.trimEnd();
  const endings = [...tokenizer.specialIds].map((id) => tokenizer.decode([id]));
  return endings.some((ending) => ending !== '' && trimmed.endsWith(ending)) ? trimmed.length : turn.length;
}

function commonLength(a: string, b: string): number {
  let length = 0;
  while (length < a.length && a[length] === b[length]) length++;
  return length;
}

function unclear(why: string): RunFailure {
  return new RunFailure({
    code: 'bad-model',
    message: `The model's chat template does not tell which words of a conversation are the assistant's: ${why}.`,
    hint: "Put {% generation %} and {% endgeneration %} around the assistant's words in chat_template.jinja, or train on conversations with one answer each.",
  });
}
