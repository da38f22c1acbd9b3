/** Tells a person what went wrong, with the one thing to do next, and the log everything else. */
import { Position, Range, Uri, window, workspace, type LogOutputChannel } from 'vscode';
import { describeThrown, RunFailure, type RunError } from '../protocol';
import { formatRunError, messages } from './messages';

/** `title` says what was tried. Resolves when it is shown, not when it is answered. */
export function showFailure(log: LogOutputChannel, title: string, thrown: unknown): void {
  const error = describeThrown(thrown);
  log.error(title, error.detail ?? formatRunError(error));
  void offer(messages.failed(title, thrown instanceof RunFailure ? formatRunError(error) : error.message), error);
}

async function offer(text: string, error: RunError): Promise<void> {
  const action = error.file === undefined ? undefined : messages.openFile;
  const chosen = await window.showErrorMessage(text, ...(action === undefined ? [] : [action]));
  if (chosen !== undefined && error.file !== undefined) await openAt(error.file, error.line);
}

/** `line` is 1-based, as people count. */
export async function openAt(file: string, line = 1): Promise<void> {
  const document = await workspace.openTextDocument(Uri.file(file));
  const place = document.validatePosition(new Position(line - 1, 0));
  await window.showTextDocument(document, { selection: new Range(place, place) });
}
