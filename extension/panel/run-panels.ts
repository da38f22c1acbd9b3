/** The editor tabs that show runs: one per run, brought forward instead of doubled, and back again after a reload. */
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { basename } from 'node:path';
import { Uri, ViewColumn, window } from 'vscode';
import type { ExtensionContext, Memento, WebviewPanel, WebviewPanelSerializer } from 'vscode';
import { Owner } from '../owner';
import { createPanelHtml } from './panel-html';
import { PanelSession, type PanelRequest } from './panel-session';

export const panelType = 'temper.run';
const memoryKey = 'temper.openPanels';

export type HandleRequest = (runDir: string, message: PanelRequest) => void;

export class RunPanels extends Owner implements WebviewPanelSerializer {
  private readonly context: ExtensionContext;
  private readonly handle: HandleRequest;
  private readonly open = new Map<string, { readonly panel: WebviewPanel; readonly session: PanelSession }>();

  constructor(context: ExtensionContext, handle: HandleRequest) {
    super();
    this.context = context;
    this.handle = handle;
    this.own(window.registerWebviewPanelSerializer(panelType, this));
  }

  show(runDir: string, name: string): void {
    const open = this.open.get(runDir);
    if (open) return open.panel.reveal(undefined, false);
    const panel = window.createWebviewPanel(panelType, name, ViewColumn.Active, { enableFindWidget: false });
    this.fill(panel, runDir);
  }

  sessionOf(runDir: string): PanelSession | undefined {
    return this.open.get(runDir)?.session;
  }

  isVisible(runDir: string): boolean {
    return this.open.get(runDir)?.panel.visible ?? false;
  }

  close(runDir: string): void {
    this.open.get(runDir)?.panel.dispose();
  }

  /** Called by the editor after a reload; the panel kept its run's id, we kept where that is. */
  deserializeWebviewPanel(panel: WebviewPanel, state: unknown): Promise<void> {
    const runDir = remembered(this.context.workspaceState)[readRunId(state) ?? ''];
    if (runDir === undefined || this.open.has(runDir)) panel.dispose();
    else this.fill(panel, runDir);
    return Promise.resolve();
  }

  private fill(panel: WebviewPanel, runDir: string): void {
    const dist = Uri.joinPath(this.context.extensionUri, 'dist');
    panel.webview.options = { enableScripts: true, localResourceRoots: [dist] };
    panel.iconPath = Uri.joinPath(this.context.extensionUri, 'extension', 'media', 'icon.png');
    const session = new PanelSession(runDir, {
      post: (message) => void panel.webview.postMessage(message),
      request: (message) => this.handle(runDir, message),
    });
    session.own(panel.webview.onDidReceiveMessage((message) => session.receive(message)));
    session.own(panel.onDidChangeViewState(() => session.setVisible(panel.visible)));
    panel.onDidDispose(() => this.forget(runDir, session));
    this.open.set(runDir, { panel, session: this.own(session) });
    void remember(this.context.workspaceState, { [basename(runDir)]: runDir });
    panel.webview.html = createPanelHtml({
      element: 'temper-run-panel',
      cspSource: panel.webview.cspSource,
      scriptUri: panel.webview.asWebviewUri(Uri.joinPath(dist, 'webview.js')).toString(),
      nonce: randomBytes(16).toString('base64'),
    });
  }

  /** The editor closes all panels when the window goes: only ours to forget while we live. */
  private forget(runDir: string, session: PanelSession): void {
    session.dispose();
    this.open.delete(runDir);
  }
}

type Places = Readonly<Record<string, string>>;

function remembered(memory: Memento): Places {
  return memory.get<Places>(memoryKey, {});
}

function remember(memory: Memento, places: Places): Thenable<void> {
  const known = Object.entries(remembered(memory)).filter(([, runDir]) => existsSync(runDir));
  return memory.update(memoryKey, { ...Object.fromEntries(known), ...places });
}

function readRunId(state: unknown): string | undefined {
  if (typeof state !== 'object' || state === null || !('runId' in state)) return undefined;
  return typeof state.runId === 'string' ? state.runId : undefined;
}
