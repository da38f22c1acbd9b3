/** The one door to the editor. Everything else of the panel knows only this interface, which tests and the gallery fake. */
import type { HostToPanel, PanelToHost } from '../protocol';

/** What is given back to the extension when the editor restores the panel after a restart, and to the panel itself. */
export interface PanelMemory {
  readonly runId?: string;
  /** The charts that are shown as tables. */
  readonly tables?: readonly string[];
}

export interface PanelHost {
  post(message: PanelToHost): void;
  /** Calls `listener` with every message until the returned function is called. */
  listen(listener: (message: HostToPanel) => void): () => void;
  recall(): PanelMemory;
  remember(memory: PanelMemory): void;
}

interface EditorApi {
  postMessage(message: unknown): void;
  getState(): unknown;
  setState(state: unknown): void;
}

declare function acquireVsCodeApi(): EditorApi;

/** May be called once a page: the editor gives its api away a single time. */
export function createEditorHost(): PanelHost {
  const api = acquireVsCodeApi();
  return {
    post: (message) => {
      api.postMessage(message);
    },
    listen: listenToWindow,
    recall: () => parseMemory(api.getState()),
    remember: (memory) => {
      api.setState(memory);
    },
  };
}

function listenToWindow(listener: (message: HostToPanel) => void): () => void {
  const onMessage = ({ data }: MessageEvent<unknown>): void => {
    if (isHostMessage(data)) listener(data);
  };
  window.addEventListener('message', onMessage);
  return () => {
    window.removeEventListener('message', onMessage);
  };
}

const hostMessages: readonly HostToPanel['kind'][] = ['snapshot', 'events', 'liveness', 'evaluation', 'broken'];

/**
 * Only a known kind: the sender is our own extension, which parsed the events when it read them from disk. Others, such
 * as browser extensions, post to windows too.
 */
function isHostMessage(data: unknown): data is HostToPanel {
  return typeof data === 'object' && data !== null && 'kind' in data && hostMessages.some((kind) => kind === data.kind);
}

function parseMemory(input: unknown): PanelMemory {
  if (typeof input !== 'object' || input === null) return {};
  const runId = 'runId' in input && typeof input.runId === 'string' ? { runId: input.runId } : {};
  const tables = 'tables' in input && Array.isArray(input.tables) ? input.tables.filter((name) => typeof name === 'string') : [];
  return { ...runId, tables };
}
