/** Waits for something that happens on its own; fails with the words given when it does not happen in time. */
import { setTimeout as sleep } from 'node:timers/promises';

export async function waitUntil(what: string, isTrue: () => boolean | Promise<boolean>, limitMs = 5000): Promise<void> {
  const endMs = Date.now() + limitMs;
  while (!(await isTrue())) {
    if (Date.now() > endMs) throw new Error(`Waited ${limitMs} ms in vain: ${what}`);
    await sleep(10);
  }
}
