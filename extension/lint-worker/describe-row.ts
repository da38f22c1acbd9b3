/** Rows as the model of their project sees them, for the hover. The same tokenizer counts tokens while linting: it is loaded once. */
import type { LintTools, RowAtPlace } from '../../dataset/lint/linted-file';
import { readProject } from '../../dataset/project';
import { describeRow, type SeenRow } from '../../inputs/as-model-sees';
import { createModelInputs } from '../../inputs/model-inputs';
import { openRowReader, type RowReader } from '../../inputs/row-reader';
import { RunFailure } from '../../protocol';

/** Where the row stands, and what is known of it. */
export type RowDescription = { readonly line: number; readonly endLine: number } & (
  | { readonly kind: 'seen'; readonly seen: SeenRow }
  /** The model is not on this machine. */
  | { readonly kind: 'no-model' }
  /** The model cannot take such a row, for instance since its chat template refuses the roles. */
  | { readonly kind: 'refused'; readonly reason: string }
);

export interface RowDescriber {
  /** To lint with, so that the models of projects become known here. */
  readonly tools: LintTools;
  /** `labels` are those of the training rows, sorted; the config's come first. */
  describe(dir: string, found: RowAtPlace, labels: readonly string[] | undefined): Promise<RowDescription>;
}

/** More would not be read in a hover. */
const maxTokens = 200;

export function createRowDescriber(tools: LintTools): RowDescriber {
  const readers = new Map<string, Promise<RowReader | undefined>>();
  return {
    tools: {
      ...tools,
      async readInputs({ task, ...model }) {
        const opening = openRowReader(model);
        readers.set(model.projectDir, opening);
        const reader = await opening;
        return reader && createModelInputs(reader, task);
      },
    },
    async describe(dir, { row, line, endLine }, labels) {
      const reader = await readers.get(dir)?.catch(() => undefined); // whoever lints has been told
      if (!reader) return { kind: 'no-model', line, endLine };
      const options = { labels: (await readConfigLabels(dir)) ?? labels, maxTokens };
      try {
        return { kind: 'seen', seen: describeRow(row, reader, options), line, endLine };
      } catch (thrown) {
        if (thrown instanceof RunFailure) return { kind: 'refused', reason: thrown.message, line, endLine };
        throw thrown;
      }
    },
  };
}

async function readConfigLabels(dir: string): Promise<readonly string[] | undefined> {
  try {
    return (await readProject(dir)).config.data.labels;
  } catch (thrown) {
    if (thrown instanceof RunFailure) return undefined; // linting says what is wrong with it
    throw thrown;
  }
}
