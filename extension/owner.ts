/** Who created something ends it: what is added to an owner ends with it, and adding to a dead owner ends it at once. */

export interface Ending {
  dispose(): unknown;
}

export class Owner implements Ending {
  private readonly owned: Ending[] = [];
  private ended = false;

  get isEnded(): boolean {
    return this.ended;
  }

  own<Thing extends Ending>(thing: Thing): Thing {
    if (this.ended) thing.dispose();
    else this.owned.push(thing);
    return thing;
  }

  /** Ends everything, the youngest first. A second call does nothing. */
  dispose(): void {
    if (this.ended) return;
    this.ended = true;
    for (const thing of this.owned.splice(0).reverse()) thing.dispose();
  }
}

/** Runs `work` every `everyMs` until it is disposed of. It never keeps the process alive. */
export function every(everyMs: number, work: () => void): Ending {
  const timer = setInterval(work, everyMs);
  timer.unref();
  return { dispose: () => clearInterval(timer) };
}
