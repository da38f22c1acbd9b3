/** One thing that can happen, and those who want to hear of it. The editor's EventEmitter, without the editor. */
import type { Ending } from './owner';

export class Signal<Value> implements Ending {
  private readonly listeners = new Set<(value: Value) => void>();

  on(listener: (value: Value) => void): Ending {
    this.listeners.add(listener);
    return { dispose: () => this.listeners.delete(listener) };
  }

  fire(value: Value): void {
    for (const listener of [...this.listeners]) listener(value);
  }

  dispose(): void {
    this.listeners.clear();
  }
}
