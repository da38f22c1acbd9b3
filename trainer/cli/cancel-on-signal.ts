/** Ctrl-C, and its kin, for commands that clean up: the first signal cancels, the second ends the process. */

export interface Cancelling {
  readonly signal: AbortSignal;
  /** From now on signals end the process as they always do. */
  remove(): void;
}

export function cancelOnSignal(): Cancelling {
  const abort = new AbortController();
  const onSignal = () => {
    if (abort.signal.aborted) process.exit(130);
    abort.abort();
  };
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
  for (const signal of signals) process.on(signal, onSignal);
  return {
    signal: abort.signal,
    remove() {
      for (const signal of signals) process.removeListener(signal, onSignal);
    },
  };
}
