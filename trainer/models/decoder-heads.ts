/** What stands on a decoder: scores for the next token, and classes or a reward read from the last token. */
import { declareParts } from './declare-parts';
import type { Family, Head, VocabularyHead } from './model';
import type { DecoderConfig } from './decoder-config';
import { vocabularyScores } from './vocabulary-scores';

/** Not a linear layer to the methods: no adapter sits on it and QLoRA leaves it as it is, as PEFT and bitsandbytes do. */
const ownTable = 'lm_head.weight';

export interface LanguageModelOptions {
  readonly architecture: string;
  readonly hiddenSize: number;
  readonly vocabularySize: number;
  /** The embedding table's module, where its rows also score the tokens. */
  readonly tiedTo: string | undefined;
}

export function causalLanguageModel({ architecture, hiddenSize, vocabularySize, tiedTo }: LanguageModelOptions): Head {
  const vocabulary: VocabularyHead = {
    table: tiedTo === undefined ? ownTable : `${tiedTo}.weight`,
    transform: (x) => x,
  };
  const parts = declareParts(({ tensor }) => {
    if (tiedTo === undefined) tensor(ownTable, [vocabularySize, hiddenSize]);
  });
  return {
    ...parts,
    kind: 'causal-lm',
    architecture,
    modules: [],
    reads: 'every-token',
    vocabulary,
    apply: (x, _layout, pass) => vocabularyScores(vocabulary, x, pass), // [N, vocabulary]
  };
}

/** One class is a reward. Rows are not padded, so that the last token is the last one that was written. */
export function lastTokenClassifier(architecture: string, hiddenSize: number, labels: number): Head {
  return {
    ...declareParts(({ linear }) => {
      linear('score', hiddenSize, labels, { bias: false });
    }),
    kind: 'sequence-classification',
    architecture,
    modules: ['score'],
    reads: 'last-token',
    apply: (x, _layout, { tuning, random }) => tuning.linear('score', x, random), // [B, labels]
  };
}

/** Both heads of Llama's descendants, in the classes that start with `name`. */
export function decoderHeads(name: string, parse: (config: unknown) => DecoderConfig): Family['heads'] {
  return {
    'causal-lm': (input) => {
      const { hidden_size: hiddenSize, vocab_size: vocabularySize, tie_word_embeddings: tied } = parse(input);
      const tiedTo = tied ? 'model.embed_tokens' : undefined;
      return causalLanguageModel({ architecture: `${name}ForCausalLM`, hiddenSize, vocabularySize, tiedTo });
    },
    'sequence-classification': (input, labels) =>
      lastTokenClassifier(`${name}ForSequenceClassification`, parse(input).hidden_size, labels),
  };
}
