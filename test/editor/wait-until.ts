// Waiting for what happens on its own: in the editor, on disk, in another process.
import { setTimeout as sleep } from 'node:timers/promises';

/** Gives what `look` gives as soon as that is neither undefined nor false. */
export async function waitFor<Value>(
  what: string,
  look: () => Value | undefined | false | Promise<Value | undefined | false>,
  limitMs = 15_000,
): Promise<Value> {
  const endMs = Date.now() + limitMs;
  for (;;) {
    const found = await look();
    if (found !== undefined && found !== false) return found;
    if (Date.now() > endMs) throw new Error(`Waited ${limitMs / 1000} s in vain: ${what}`);
    await sleep(50);
  }
}
