/** The rows that a file of data can hold, once they are read and right: what is trained on. */

interface Row {
  /** Where the row begins in its file, from 1. */
  readonly line: number;
}

export interface ClassificationRow extends Row {
  readonly kind: 'classification';
  readonly text: string;
  /** Of pairs of texts. */
  readonly textPair?: string;
  readonly label: string;
}

export interface MultiLabelRow extends Row {
  readonly kind: 'multi-label';
  readonly text: string;
  /** None twice; empty when no label fits. */
  readonly labels: readonly string[];
}

export interface TokenTagsRow extends Row {
  readonly kind: 'token-tags';
  readonly tokens: readonly string[];
  /** As many as there are tokens. */
  readonly tags: readonly string[];
}

export interface ToolCall {
  readonly name: string;
  /** As the row has them: an object or JSON in a string. */
  readonly arguments: unknown;
}

export interface ChatMessage {
  /** `system`, `user`, `assistant` or `tool`. */
  readonly role: string;
  readonly content: string;
  readonly toolCalls?: readonly ToolCall[];
  /** 0: the message is read and not learnt from. 1 when absent. */
  readonly weight?: 0 | 1;
}

/** A conversation; the assistant's words are what is learnt. Messages, prompts with completions, alpaca and ShareGPT give it. */
export interface ChatRow extends Row {
  readonly kind: 'chat';
  readonly messages: readonly ChatMessage[];
  /** The tools it may call, as the row defines them. */
  readonly tools?: readonly unknown[];
}

export interface PreferenceRow extends Row {
  readonly kind: 'preference';
  /** Without the answer. */
  readonly prompt: readonly ChatMessage[];
  readonly chosen: readonly ChatMessage[];
  readonly rejected: readonly ChatMessage[];
}

/** An answer that was liked or not (KTO). */
export interface UnpairedPreferenceRow extends Row {
  readonly kind: 'unpaired-preference';
  readonly prompt: readonly ChatMessage[];
  readonly completion: readonly ChatMessage[];
  readonly isLiked: boolean;
}

export interface EmbeddingRow extends Row {
  readonly kind: 'embedding';
  readonly anchor: string;
  readonly positive: string;
  readonly negative?: string;
}

export interface ImageRow extends Row {
  readonly kind: 'image';
  /** Absolute. */
  readonly image: string;
  readonly label?: string;
  readonly caption?: string;
}

export interface TextRow extends Row {
  readonly kind: 'text';
  readonly text: string;
}

export type DataRow =
  | ClassificationRow
  | MultiLabelRow
  | TokenTagsRow
  | ChatRow
  | PreferenceRow
  | UnpairedPreferenceRow
  | EmbeddingRow
  | ImageRow
  | TextRow;
export type RowKind = DataRow['kind'];
