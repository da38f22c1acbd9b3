/** The editor's side of a panel's door, in the page: remembers what was posted and says what a test wants said. */
import type { HostToPanel, HostToReport, PanelToHost, ReportToHost } from '../../protocol';
import type { EditorHost, PanelMemory, ReportMemory } from '../../webview/host';

class FakeEditorHost<Said, Heard, Memory> implements EditorHost<Said, Heard, Memory> {
  readonly posted: Said[] = [];
  memory: Memory;
  private readonly listeners = new Set<(message: Heard) => void>();

  constructor(memory: Memory) {
    this.memory = memory;
  }

  post(message: Said): void {
    this.posted.push(message);
  }

  listen(listener: (message: Heard) => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  recall(): Memory {
    return this.memory;
  }

  remember(memory: Memory): void {
    this.memory = memory;
  }

  say(message: Heard): void {
    for (const listener of this.listeners) listener(message);
  }
}

export class FakeHost extends FakeEditorHost<PanelToHost, HostToPanel, PanelMemory> {
  constructor(memory: PanelMemory = {}) {
    super(memory);
  }
}

export class FakeReportHost extends FakeEditorHost<ReportToHost, HostToReport, ReportMemory> {
  constructor(memory: ReportMemory = {}) {
    super(memory);
  }
}
