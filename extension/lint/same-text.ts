/** Whether what the editor shows is what was linted: only then do positions and fixes belong to it. */
import type { ProblemCode } from '../../protocol';
import type { FileResult } from '../lint-worker/messages';

/** The part of the editor's document that is used for linting. */
export interface OpenDocument {
  readonly file: string;
  readonly version: number;
  readonly isDirty: boolean;
  /** As a `TextDocument` has it: changing it changes every offset without a change of content. */
  readonly eol: number;
  /** As the editor calls it, such as `utf8`. */
  readonly encoding: string;
  getText(): string;
}

/** Faults of bytes, which the editor mends when it opens a file: its text no longer has them, the file still does. */
const hiddenByEditor: readonly ProblemCode[] = ['invalid-encoding', 'byte-order-mark', 'mixed-line-endings'];

/** Whether the editor's text can stand for the file. Of other encodings it may have another opinion than temper.json. */
export function hasPlainBytes({ encoding }: OpenDocument, { summary, format }: FileResult): boolean {
  const isMended = hiddenByEditor.some((code) => summary.byCode.has(code));
  return !isMended && encoding === 'utf8' && (format?.encoding ?? 'utf-8') === 'utf-8';
}

/** A clean text that differs is about to be read again. `bytes` is the size of the file. */
export function isStale(document: OpenDocument, text: string, bytes: number | undefined): boolean {
  return !document.isDirty && Buffer.byteLength(text) !== bytes;
}

/**
 * Where the disk was linted, its faults must not be such that saving the editor's text would change bytes that nobody
 * asked to change.
 */
export function isTextOf(document: OpenDocument, result: FileResult, bytes: number | undefined): boolean {
  if (result.version !== undefined) return result.version === document.version;
  return !document.isDirty && hasPlainBytes(document, result) && !isStale(document, document.getText(), bytes);
}
