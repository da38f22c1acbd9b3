/**
 * What a model that writes needs beside its weights: how a conversation becomes a text, and where a text ends. Read from
 * its folder; a base model without a chat template gets a plain one, which is saved with what is trained.
 */
import { createChatTemplate, readChatTemplate, type ChatTemplate } from './chat-template';
import { readGenerationDefaults, type GenerationDefaults } from './generate/generation-config';
import type { Tokenizer } from './tokenizer';

export interface Writing {
  readonly template: ChatTemplate;
  /** The plain template, when the folder has none of its own. */
  readonly plainTemplate: string | undefined;
  readonly defaults: GenerationDefaults;
}

/** Headings that models have seen in abundance, and the end-of-text token behind each answer. */
const plainTemplate = `{%- for message in messages -%}
### {{ message.role | capitalize }}:
{{ message.content }}{% if message.role == 'assistant' %}{{ eos_token }}{% endif %}

{% endfor -%}
{%- if add_generation_prompt %}### Assistant:
{% endif -%}
`;

export async function readWriting(modelDir: string, tokenizer: Tokenizer): Promise<Writing> {
  const { namedTokens } = tokenizer;
  const own = await readChatTemplate(modelDir, namedTokens);
  const defaults = await readGenerationDefaults(modelDir);
  const end = namedTokens.eos === undefined ? undefined : tokenizer.idOf(namedTokens.eos);
  const stopIds = [...new Set([...defaults.stopIds, ...(end === undefined ? [] : [end])])];
  return {
    template: own ?? createChatTemplate(plainTemplate, namedTokens, modelDir),
    plainTemplate: own ? undefined : plainTemplate,
    defaults: { ...defaults, stopIds },
  };
}
