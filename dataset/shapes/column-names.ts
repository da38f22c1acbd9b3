/** What the fields of rows are called in the data sets in use: how a file is understood that no project describes. */
import { nearestName, type ColumnField } from '../../protocol';
import type { Columns } from './shape';

/** The likeliest first. Case, blanks and hyphens do not count. */
const recognisedNames: Readonly<Record<ColumnField, readonly string[]>> = {
  textColumn: [
    ...['text', 'sentence', 'content', 'review', 'message', 'utterance', 'query', 'question', 'tweet', 'comment', 'document'],
    ...['sms', 'headline', 'title', 'description', 'post', 'email', 'body', 'abstract', 'sentence1', 'input', 'input_text'],
  ],
  textPairColumn: ['text_pair', 'text2', 'sentence2'],
  labelColumn: [
    ...['label', 'labels', 'category', 'class', 'intent', 'sentiment', 'target', 'tag', 'topic', 'label_text', 'label_name'],
    ...['class_name', 'emotion', 'stance', 'rating', 'stars', 'type'],
  ],
  labelsColumn: ['labels', 'label', 'categories', 'tags', 'topics', 'classes', 'emotions', 'genres'],
  tokensColumn: ['tokens', 'words'],
  tagsColumn: ['tags', 'ner_tags', 'ner', 'pos_tags', 'chunk_tags', 'labels', 'tag'],
  messagesColumn: ['messages', 'conversation', 'chat', 'dialogue', 'dialog'],
  promptColumn: ['prompt', 'question', 'query', 'input', 'instruction'],
  completionColumn: ['completion', 'response', 'answer', 'output', 'reply'],
  instructionColumn: ['instruction'],
  inputColumn: ['input', 'context'],
  outputColumn: ['output', 'response', 'answer', 'completion'],
  conversationsColumn: ['conversations', 'conversation'],
  chosenColumn: ['chosen', 'chosen_response', 'preferred'],
  rejectedColumn: ['rejected', 'rejected_response', 'dispreferred'],
  anchorColumn: ['anchor', 'query', 'question', 'sentence'],
  positiveColumn: ['positive', 'pos'],
  negativeColumn: ['negative', 'neg', 'hard_negative'],
  imageColumn: ['file_name', 'filename', 'image', 'image_path', 'img', 'filepath', 'file_path', 'path'],
  captionColumn: ['caption', 'captions', 'text', 'title', 'description', 'alt_text'],
};

/** Columns of two texts that belong together, as GLUE and its like call them. */
const pairs = [
  ['sentence1', 'sentence2'],
  ['question', 'sentence'],
  ['question1', 'question2'],
  ['premise', 'hypothesis'],
  ['text1', 'text2'],
  ['text_a', 'text_b'],
  ['sentence_a', 'sentence_b'],
] as const;

export type Found = ReadonlyMap<ColumnField, string>;

/** The column for each field that has one: by its own name, or by one that is in use; a column has one meaning only. */
export function recogniseColumns(fields: readonly ColumnField[], names: readonly string[], columns: Columns): Found {
  const found = new Map<ColumnField, string>();
  for (const field of fields) {
    const name = columns[field];
    if (name !== undefined && names.includes(name)) found.set(field, name);
  }
  const pair =
    fields.includes('textColumn') && fields.includes('labelColumn') && !found.has('textColumn') ? findPair(names) : undefined;
  if (pair) found.set('textColumn', pair[0]).set('textPairColumn', pair[1]);
  for (const field of fields) {
    const free = names.filter((name) => ![...found.values()].includes(name));
    const name = found.has(field) ? undefined : findRecognised(field, free);
    if (name !== undefined) found.set(field, name);
  }
  return found;
}

/** The free column that looks like a misspelling of the field's name. */
export function nearestColumn(field: ColumnField, names: readonly string[], columns: Columns): string | undefined {
  const name = columns[field];
  return name === undefined ? undefined : nearestName(name, names);
}

/** Such as "the label". */
export function meaningOf(field: ColumnField): string {
  return field === 'textPairColumn' ? 'the second text' : `the ${field.replace(/Column$/, '')}`;
}

function findPair(names: readonly string[]): readonly [string, string] | undefined {
  for (const [first, second] of pairs) {
    const [a, b] = [first, second].map((wanted) => names.find((name) => normalise(name) === wanted));
    if (a !== undefined && b !== undefined) return [a, b];
  }
  return undefined;
}

function findRecognised(field: ColumnField, names: readonly string[]): string | undefined {
  for (const wanted of recognisedNames[field]) {
    const name = names.find((candidate) => normalise(candidate) === wanted);
    if (name !== undefined) return name;
  }
  return undefined;
}

function normalise(name: string): string {
  return name
    .trim()
    .toLowerCase()
    .replace(/[\s-]+/g, '_');
}
