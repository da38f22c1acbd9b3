/** Ties a notification's Cancel to a signal, and says afterwards that it was the user who ended it. */
import { CancellationError, type CancellationToken } from 'vscode';

/** Rejects with a `CancellationError` when the user cancelled, whatever the work made of it. */
export async function runUntilCancelled<Result>(
  token: CancellationToken,
  run: (signal: AbortSignal) => Promise<Result>,
): Promise<Result> {
  const abort = new AbortController();
  const listener = token.onCancellationRequested(() => abort.abort());
  try {
    return await run(abort.signal);
  } catch (error) {
    throw abort.signal.aborted ? new CancellationError() : error;
  } finally {
    listener.dispose();
  }
}
