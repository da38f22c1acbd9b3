/** The one door to the editor. Everything else of the panels knows only these interfaces, which tests and the gallery fake. */
import type { HostToPanel, HostToReport, PanelToHost, ReportToHost } from '../protocol';

/** What is given back to the extension when the editor restores the panel after a restart, and to the panel itself. */
export interface PanelMemory {
  readonly runId?: string;
  /** The charts that are shown as tables. */
  readonly tables?: readonly string[];
}

/** The same of the dataset report. */
export interface ReportMemory {
  readonly projectDir?: string;
}

export interface EditorHost<Said, Heard, Memory> {
  post(message: Said): void;
  /** Calls `listener` with every message until the returned function is called. */
  listen(listener: (message: Heard) => void): () => void;
  recall(): Memory;
  remember(memory: Memory): void;
}

export type PanelHost = EditorHost<PanelToHost, HostToPanel, PanelMemory>;
export type ReportHost = EditorHost<ReportToHost, HostToReport, ReportMemory>;

interface EditorApi {
  postMessage(message: unknown): void;
  getState(): unknown;
  setState(state: unknown): void;
}

declare function acquireVsCodeApi(): EditorApi;

/** These may be called once a page: the editor gives its api away a single time. */
export function createEditorHost(): PanelHost {
  return openDoor(isHostMessage, parseMemory);
}

export function createReportHost(): ReportHost {
  return openDoor(isReportMessage, () => ({})); // the report forgets everything but what the extension reads
}

function openDoor<Said, Heard, Memory>(
  isHeard: (data: unknown) => data is Heard,
  parse: (memory: unknown) => Memory,
): EditorHost<Said, Heard, Memory> {
  const api = acquireVsCodeApi();
  return {
    post: (message) => {
      api.postMessage(message);
    },
    listen: (listener) => listenToWindow(isHeard, listener),
    recall: () => parse(api.getState()),
    remember: (memory) => {
      api.setState(memory);
    },
  };
}

function listenToWindow<Heard>(isHeard: (data: unknown) => data is Heard, listener: (message: Heard) => void): () => void {
  const onMessage = ({ data }: MessageEvent<unknown>): void => {
    if (isHeard(data)) listener(data);
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

const reportMessages: readonly HostToReport['kind'][] = ['report', 'broken'];

function isReportMessage(data: unknown): data is HostToReport {
  return typeof data === 'object' && data !== null && 'kind' in data && reportMessages.some((kind) => kind === data.kind);
}

function parseMemory(input: unknown): PanelMemory {
  if (typeof input !== 'object' || input === null) return {};
  const runId = 'runId' in input && typeof input.runId === 'string' ? { runId: input.runId } : {};
  const tables = 'tables' in input && Array.isArray(input.tables) ? input.tables.filter((name) => typeof name === 'string') : [];
  return { ...runId, tables };
}
