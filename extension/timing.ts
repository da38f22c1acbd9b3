/** Doing something less often than it is asked for. */
import type { Ending } from './owner';

/** Waits for quiet: `work` runs once, `quietMs` after the last time it was asked for. */
export class Debounce implements Ending {
  private readonly quietMs: number;
  private readonly work: () => void;
  private timer: NodeJS.Timeout | undefined;

  constructor(quietMs: number, work: () => void) {
    this.quietMs = quietMs;
    this.work = work;
  }

  ask(): void {
    clearTimeout(this.timer);
    this.timer = setTimeout(this.work, this.quietMs);
  }

  dispose(): void {
    clearTimeout(this.timer);
  }
}

/** Never starves: `work` runs `delayMs` after the first time it was asked for, however often that is repeated meanwhile. */
export class Throttle implements Ending {
  private readonly delayMs: number;
  private readonly work: () => void;
  private timer: NodeJS.Timeout | undefined;

  constructor(delayMs: number, work: () => void) {
    this.delayMs = delayMs;
    this.work = work;
  }

  ask(): void {
    this.timer ??= setTimeout(() => {
      this.timer = undefined;
      this.work();
    }, this.delayMs);
  }

  dispose(): void {
    clearTimeout(this.timer);
  }
}
