/** The editor's side of the panel's door, in the page: remembers what was posted and says what a test wants said. */
import type { HostToPanel, PanelToHost } from '../../protocol';
import type { PanelHost, PanelMemory } from '../../webview/host';

export class FakeHost implements PanelHost {
  readonly posted: PanelToHost[] = [];
  memory: PanelMemory;
  private readonly listeners = new Set<(message: HostToPanel) => void>();

  constructor(memory: PanelMemory = {}) {
    this.memory = memory;
  }

  post(message: PanelToHost): void {
    this.posted.push(message);
  }

  listen(listener: (message: HostToPanel) => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  recall(): PanelMemory {
    return this.memory;
  }

  remember(memory: PanelMemory): void {
    this.memory = memory;
  }

  say(message: HostToPanel): void {
    for (const listener of this.listeners) listener(message);
  }
}
