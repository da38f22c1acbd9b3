/** The chat template of a model, or a plain one: what a conversation becomes when the folder does not say. */
import { createChatTemplate, readChatTemplate, type ChatTemplate } from './chat-template';
import type { NamedTokens } from './tokenizer';

export interface ConversationTemplate {
  readonly template: ChatTemplate;
  /** The plain template, when the folder has none of its own. */
  readonly plainTemplate: string | undefined;
}

/** Headings that models have seen in abundance, and the end-of-text token behind each answer. */
const plainTemplate = `{%- for message in messages -%}
### {{ message.role | capitalize }}:
{{ message.content }}{% if message.role == 'assistant' %}{{ eos_token }}{% endif %}

{% endfor -%}
{%- if add_generation_prompt %}### Assistant:
{% endif -%}
`;

/** @throws RunFailure 'bad-model' when there is a template that cannot be understood */
export async function readConversationTemplate(modelDir: string, namedTokens: NamedTokens): Promise<ConversationTemplate> {
  const own = await readChatTemplate(modelDir, namedTokens);
  return own === undefined
    ? { template: createChatTemplate(plainTemplate, namedTokens, modelDir), plainTemplate }
    : { template: own, plainTemplate: undefined };
}
