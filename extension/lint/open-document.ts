/** The editor's documents as linting knows them. */
import { statSync } from 'node:fs';
import { workspace, type TextDocument } from 'vscode';
import type { FileResult } from '../lint-worker/messages';
import { isTextOf, type OpenDocument } from './same-text';

export function toOpenDocument(document: TextDocument): OpenDocument {
  const { uri, version, isDirty, eol, encoding } = document;
  return { file: uri.fsPath, version, isDirty, eol, encoding, getText: () => document.getText() };
}

export function findDocument(file: string): OpenDocument | undefined {
  const document = workspace.textDocuments.find(({ uri }) => uri.scheme === 'file' && uri.fsPath === file);
  return document && toOpenDocument(document);
}

/** In bytes; `undefined` when it is not there. */
export function sizeOnDisk(file: string): number | undefined {
  return statSync(file, { throwIfNoEntry: false })?.size;
}

/** Whether positions of the result are positions in this document, and fixes may be made in it. */
export function isLintedText(document: TextDocument, result: FileResult): boolean {
  return isTextOf(toOpenDocument(document), result, sizeOnDisk(result.file));
}
