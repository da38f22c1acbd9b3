/**
 * What a model that writes needs beside its weights: how a conversation becomes a text, and where a text ends. Read from
 * its folder; a base model without a chat template gets a plain one, which is saved with what is trained.
 */
import { readConversationTemplate, type ConversationTemplate } from '../inputs/conversation-template';
import type { Tokenizer } from '../inputs/tokenizer';
import { readGenerationDefaults, type GenerationDefaults } from './generate/generation-config';

export interface Writing extends ConversationTemplate {
  readonly defaults: GenerationDefaults;
}

export async function readWriting(modelDir: string, tokenizer: Tokenizer): Promise<Writing> {
  const { namedTokens } = tokenizer;
  const conversation = await readConversationTemplate(modelDir, namedTokens);
  const defaults = await readGenerationDefaults(modelDir);
  const end = namedTokens.eos === undefined ? undefined : tokenizer.idOf(namedTokens.eos);
  const stopIds = [...new Set([...defaults.stopIds, ...(end === undefined ? [] : [end])])];
  return { ...conversation, defaults: { ...defaults, stopIds } };
}
