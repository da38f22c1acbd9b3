/**
 * What a method of tuning may know of a model: its parameters and modules by name, its sizes, and which modules start
 * fresh with the task. Nothing of how it computes.
 */
import type { AttentionSizes, Backbone, Head, HeadKind, ImageModel, Parts, PeftSpelling, TextModel } from './model';

/** PEFT's names for what a model is trained to do. */
export type PeftTask = 'SEQ_CLS' | 'TOKEN_CLS' | 'CAUSAL_LM' | 'FEATURE_EXTRACTION';

export interface Architecture extends Parts {
  /** Hugging Face's `model_type`. */
  readonly type: string;
  /** Null where PEFT has no name for it: masked language models, images. */
  readonly peftTask: PeftTask | null;
  /** Linear layers of the base: what adapters may attach to, the layers of the head not among them. */
  readonly linears: readonly string[];
  /** Module paths that start fresh with a task: trained beside every method. */
  readonly freshModules: readonly string[];
  /** The class in transformers that has this base and this head. */
  readonly className: string;
  readonly hiddenSize: number;
  readonly vocabularySize: number;
  /** The longest row that it has positions for. */
  readonly maxLength: number;
  readonly layerCount: number;
  readonly attention: AttentionSizes;
  layerOf(name: string): number;
  /** Linear layers whose weight lies [in, out] in the file. */
  readonly transposed: ReadonlySet<string>;
  readonly usualTargets: readonly string[];
  /** Where PEFT names modules otherwise than the model's file does. */
  readonly peftSpelling?: PeftSpelling | undefined;
  /** The parameter that scores the tokens of a vocabulary, where the head does so: often that of an embedding. */
  readonly vocabularyTable?: string | undefined;
}

export function architectureOf({ backbone, head }: TextModel): Architecture {
  const { vocabularySize, maxLength } = backbone;
  return { ...describe(backbone, head), vocabularySize, maxLength };
}

/** It has no vocabulary, and no room for virtual tokens in front of the patches: methods that want it say so. */
export function architectureOfImages({ backbone, head }: ImageModel): Architecture {
  return { ...describe(backbone, head), vocabularySize: 0, maxLength: 0 };
}

type AnyBackbone = Omit<Backbone, 'layout' | 'embed'>;

function describe(backbone: AnyBackbone, head: Head): Omit<Architecture, 'vocabularySize' | 'maxLength'> {
  const { type, hiddenSize, layerCount, attention, usualTargets } = backbone;
  return {
    shapes: new Map([...backbone.shapes, ...head.shapes]),
    linears: [...backbone.linears, ...head.linears.filter((name) => !isWithin(name, head.modules))],
    embeddings: [...backbone.embeddings, ...head.embeddings],
    type,
    peftTask: peftTasks[head.kind],
    freshModules: head.modules,
    className: head.architecture,
    hiddenSize,
    layerCount,
    attention,
    layerOf: (name) => backbone.layerOf(name),
    transposed: backbone.transposed ?? new Set(),
    usualTargets,
    peftSpelling: backbone.peftSpelling,
    vocabularyTable: head.vocabulary?.table,
  };
}

/** Whether a parameter or module is one of the modules or part of one. */
export function isWithin(name: string, modules: readonly string[]): boolean {
  return modules.some((module) => name === module || name.startsWith(`${module}.`));
}

const peftTasks: Readonly<Record<HeadKind, PeftTask | null>> = {
  'sequence-classification': 'SEQ_CLS',
  'token-classification': 'TOKEN_CLS',
  'causal-lm': 'CAUSAL_LM',
  'sentence-embedding': 'FEATURE_EXTRACTION',
  'masked-lm': null,
  'image-classification': null,
};
