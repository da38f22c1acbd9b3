/** What turns rows into tokens for the model of a project: its tokenizer, its chat template, and how much it reads. */
import { RunFailure } from '../protocol';
import { readConversationTemplate } from './conversation-template';
import type { ConversationReader, TextReader } from './encode-row';
import { findModelDir } from './find-model';
import { longestText, readModelConfig, takesTokenTypes } from './model-config';
import { readTokenizer } from './tokenizer';

export interface RowReader extends TextReader, ConversationReader {
  /** Longer rows are cut. */
  readonly maxLength: number;
}

export interface ModelOfProject {
  readonly projectDir: string;
  /** As temper.json names it. */
  readonly model: string;
  /** `training.maxLength`. */
  readonly maxLength: number;
  /** Positions that the method takes for itself: `method.numVirtualTokens` of prompt and prefix tuning. */
  readonly virtualTokens?: number;
}

/** Undefined when the model is not on this machine, or is none that can be read: who trains it says why. */
export async function openRowReader({ projectDir, model, ...limits }: ModelOfProject): Promise<RowReader | undefined> {
  try {
    return await readRowReader(findModelDir(model, projectDir), limits);
  } catch (thrown) {
    if (thrown instanceof RunFailure && thrown.error.code === 'bad-model') return undefined;
    throw thrown;
  }
}

/** @throws RunFailure 'bad-model' */
async function readRowReader(dir: string, { maxLength, virtualTokens = 0 }: Pick<ModelOfProject, 'maxLength' | 'virtualTokens'>) {
  const config = await readModelConfig(dir);
  const tokenizer = await readTokenizer(dir);
  const { template } = await readConversationTemplate(dir, tokenizer.namedTokens);
  return {
    tokenizer,
    template,
    takesTypes: await takesTokenTypes(dir, config),
    maxLength: Math.max(1, Math.min(maxLength, longestText(config) - virtualTokens)),
  };
}
