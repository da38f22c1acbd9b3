/**
 * How a conversation becomes one text: the model folder's own template, in Jinja, as transformers' `apply_chat_template`
 * uses it. What of that text the assistant said is found in chat-training.ts.
 * https://huggingface.co/docs/transformers/chat_templating
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Template } from '@huggingface/jinja';
import { z } from 'zod';
import { RunFailure } from '../protocol';
import type { NamedTokens } from './tokenizer';

/** Templates read further fields of their own choice: `tool_calls`, `reasoning_content`, `name`. */
export interface ChatMessage {
  readonly role: string;
  readonly content?: unknown;
}

export interface RenderOptions {
  /** Ends with what opens the assistant's turn. Default false. */
  readonly addGenerationPrompt?: boolean;
  readonly tools?: readonly unknown[];
  readonly documents?: readonly unknown[];
  /** Switches of the template, `enable_thinking` for one. */
  readonly variables?: Readonly<Record<string, unknown>>;
}

export interface ChatTemplate {
  /** Whether it says itself, with `{% generation %}`, which words are the assistant's. */
  readonly marksGeneration: boolean;
  /** @throws RunFailure 'bad-data' when the template refuses the conversation */
  renderChat(messages: readonly ChatMessage[], options?: RenderOptions): string;
  /** As renderChat, with `generationMarks` around what the template says the assistant generated. */
  renderMarked(messages: readonly ChatMessage[], options?: RenderOptions): string;
}

/** Characters that Unicode keeps free for use within a program: no text has them. */
export const generationMarks = { start: '\ufdd0', end: '\ufdd1' } as const;

/** One template, or several by name: `default`, `tool_use`, `rag`. */
export type ChatTemplateSource = string | ReadonlyMap<string, string>;

const named = z.array(z.object({ name: z.string(), template: z.string() }));
const settingsSchema = z.looseObject({ chat_template: z.union([z.string(), named]).nullish() });

/**
 * Reads chat_template.jinja, else `chat_template` of tokenizer_config.json, else the old chat_template.json. Undefined when
 * the folder has none, as base models do.
 * @throws RunFailure 'bad-model' when there is one that cannot be understood
 */
export async function readChatTemplate(modelDir: string, tokens: NamedTokens): Promise<ChatTemplate | undefined> {
  const file = join(modelDir, 'chat_template.jinja');
  const text = await readIfThere(file);
  if (text !== undefined) return createChatTemplate(text, tokens, file);
  for (const name of ['tokenizer_config.json', 'chat_template.json']) {
    const settings = join(modelDir, name);
    const source = parseSettings(settings, await readIfThere(settings));
    if (source !== undefined) return createChatTemplate(source, tokens, settings);
  }
  return undefined;
}

async function readIfThere(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, 'utf8');
  } catch (thrown) {
    if (thrown instanceof Error && 'code' in thrown && thrown.code === 'ENOENT') return undefined;
    throw unusable(file, thrown);
  }
}

function parseSettings(file: string, text: string | undefined): ChatTemplateSource | undefined {
  if (text === undefined) return undefined;
  try {
    const source = settingsSchema.parse(JSON.parse(text)).chat_template;
    if (Array.isArray(source)) return new Map(source.map(({ name, template }) => [name, template]));
    return source ?? undefined;
  } catch (thrown) {
    throw unusable(
      file,
      thrown instanceof z.ZodError ? new Error('its chat_template is no text, nor a list of named ones') : thrown,
    );
  }
}

/** @throws RunFailure 'bad-model' naming `file` when a template is not valid Jinja */
export function createChatTemplate(source: ChatTemplateSource, tokens: NamedTokens, file: string): ChatTemplate {
  const sources = typeof source === 'string' ? new Map([['default', source]]) : source;
  const templates = new Map([...sources].map(([name, text]) => [name, compile(file, name, text)]));
  if (templates.size === 0) throw unusable(file, new Error('its list of chat templates is empty'));
  const choose = ({ tools }: RenderOptions): Compiled => {
    const chosen = (tools === undefined ? undefined : templates.get('tool_use')) ?? templates.get('default'); // as in transformers
    if (chosen !== undefined) return chosen;
    throw unusable(file, new Error(`none of its chat templates is called "default" (${[...templates.keys()].join(', ')})`));
  };
  return {
    marksGeneration: choose({}).marked !== undefined,
    renderChat: (messages, options = {}) => render(choose(options).plain, messages, { tokens, ...options }),
    renderMarked(messages, options = {}) {
      const { marked, plain } = choose(options);
      return render(marked ?? plain, messages, { tokens, ...options });
    },
  };
}

interface Compiled {
  readonly plain: Template;
  /** Undefined when the template has no generation blocks. */
  readonly marked: Template | undefined;
}

function compile(file: string, name: string, text: string): Compiled {
  try {
    const marked = markGeneration(text);
    return { plain: new Template(text), marked: marked === text ? undefined : new Template(marked) };
  } catch (thrown) {
    throw unusable(file, new Error(`the chat template "${name}" is not valid Jinja: ${messageOf(thrown)}`));
  }
}

/** The library drops generation blocks. A mark takes the place of each end of one; spaces around are trimmed as before. */
function markGeneration(text: string): string {
  return text.replace(/\{%([-+]?)\s*(end)?generation\s*(-?)%\}/g, (_, left: string, end: string | undefined, right: string) => {
    const mark = end === undefined ? generationMarks.start : generationMarks.end;
    return `{%${left} if true -%}${mark}{%- endif ${right}%}`;
  });
}

function render(
  template: Template,
  messages: readonly ChatMessage[],
  { tokens, addGenerationPrompt = false, tools, documents, variables }: RenderOptions & { readonly tokens: NamedTokens },
): string {
  try {
    return template.render({
      ...Object.fromEntries(Object.entries(tokens).map(([name, token]) => [`${name}_token`, token])),
      messages,
      tools: tools ?? null,
      documents: documents ?? null,
      add_generation_prompt: addGenerationPrompt,
      ...variables,
    });
  } catch (thrown) {
    throw new RunFailure({
      code: 'bad-data',
      message: `The model's chat template refused a conversation of ${describeRoles(messages)}: ${messageOf(thrown)}.`,
      hint: 'Correct the conversation; most templates want user and assistant in turn, and some no system message.',
    });
  }
}

function describeRoles(messages: readonly ChatMessage[]): string {
  const roles = messages.slice(0, 8).map(({ role }) => role);
  return `${messages.length} messages (${roles.join(', ')}${messages.length > 8 ? ', …' : ''})`;
}

function messageOf(thrown: unknown): string {
  return (thrown instanceof Error ? thrown.message : String(thrown)).replace(/\.$/, '');
}

function unusable(file: string, thrown: unknown): RunFailure {
  return new RunFailure({
    code: 'bad-model',
    message: `Reading the chat template of ${file} failed: ${messageOf(thrown)}.`,
    hint: 'Copy or download the file again, or put the right template into chat_template.jinja beside it.',
    file,
  });
}
