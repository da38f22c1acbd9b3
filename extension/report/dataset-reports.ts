/** The editor tabs that show what is in a project's data: one a project, brought forward instead of doubled, and back after a reload. */
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { basename, join } from 'node:path';
import { commands, Uri, ViewColumn, window } from 'vscode';
import type { ExtensionContext, TextDocumentShowOptions, WebviewPanel, WebviewPanelSerializer } from 'vscode';
import { configFileName } from '../../dataset/project';
import { createReport } from '../../dataset/report/create-report';
import type { HostToReport } from '../../protocol';
import type { Linter } from '../lint/linter';
import { readRulePages, type PageOf } from '../lint/rule-pages';
import { toRange } from '../lint/to-diagnostics';
import { messages } from '../messages';
import { Owner } from '../owner';
import { createPanelHtml } from '../panel/panel-html';
import { readSettings } from '../settings';
import { ReportSession, type ReportRequest } from './report-session';

export const reportType = 'temper.report';

export class DatasetReports extends Owner implements WebviewPanelSerializer {
  private readonly context: ExtensionContext;
  private readonly linter: Linter;
  private readonly pageOf: PageOf;
  private readonly open = new Map<string, { readonly panel: WebviewPanel; readonly session: ReportSession }>();

  constructor(context: ExtensionContext, linter: Linter) {
    super();
    this.context = context;
    this.linter = linter;
    this.pageOf = readRulePages(context.extensionUri);
    this.own(window.registerWebviewPanelSerializer(reportType, this));
    this.own(linter.results.changed.on(() => this.open.forEach(({ session }) => session.changed())));
  }

  show(projectDir: string): void {
    const open = this.open.get(projectDir);
    if (open) return open.panel.reveal(undefined, false);
    const title = messages.reportOf(basename(projectDir));
    const panel = window.createWebviewPanel(reportType, title, ViewColumn.Active, { enableFindWidget: true });
    this.fill(panel, projectDir);
  }

  /** Called by the editor after a reload; the panel kept which project it shows. */
  deserializeWebviewPanel(panel: WebviewPanel, state: unknown): Promise<void> {
    const projectDir = readProjectDir(state);
    if (projectDir === undefined || this.open.has(projectDir) || !isProject(projectDir)) panel.dispose();
    else this.fill(panel, projectDir);
    return Promise.resolve();
  }

  private fill(panel: WebviewPanel, projectDir: string): void {
    const dist = Uri.joinPath(this.context.extensionUri, 'dist');
    panel.webview.options = { enableScripts: true, localResourceRoots: [dist] };
    panel.iconPath = Uri.joinPath(this.context.extensionUri, 'extension', 'media', 'icon.png');
    const session = new ReportSession({
      read: () => this.read(projectDir),
      post: (message) => void panel.webview.postMessage(message),
      request: (message) => void this.handle(projectDir, message),
    });
    session.own(panel.webview.onDidReceiveMessage((message) => session.receive(message)));
    session.own(panel.onDidChangeViewState(() => session.setVisible(panel.visible)));
    panel.onDidDispose(() => this.forget(projectDir, session));
    this.open.set(projectDir, { panel, session: this.own(session) });
    panel.webview.html = createPanelHtml({
      element: 'temper-dataset-report',
      cspSource: panel.webview.cspSource,
      scriptUri: panel.webview.asWebviewUri(Uri.joinPath(dist, 'report.js')).toString(),
      nonce: randomBytes(16).toString('base64'),
    });
  }

  private forget(projectDir: string, session: ReportSession): void {
    session.dispose();
    this.open.delete(projectDir);
  }

  /** Nothing as long as linting has not begun. */
  private read(projectDir: string): HostToReport | undefined {
    if (!isProject(projectDir)) return { kind: 'broken', ...messages.reportGone(projectDir) };
    if (!readSettings().lintEnabled) return { kind: 'broken', ...messages.reportOff };
    const results = this.linter.results.inProject(projectDir);
    return results.length === 0 ? undefined : { kind: 'report', report: createReport(projectDir, results) };
  }

  private async handle(projectDir: string, message: ReportRequest): Promise<void> {
    switch (message.kind) {
      case 'open': {
        const { file, range } = message;
        if (!this.isShown(projectDir, file)) return;
        const options: TextDocumentShowOptions = range ? { selection: toRange(range) } : {};
        await commands.executeCommand('vscode.open', Uri.file(file), options);
        return;
      }
      case 'open-rule': {
        const page = this.pageOf(message.code);
        if (page) await commands.executeCommand('vscode.open', page);
        return;
      }
      default:
        return message satisfies never;
    }
  }

  /** A page may ask for nothing but what it shows. */
  private isShown(projectDir: string, file: string): boolean {
    const results = this.linter.results.inProject(projectDir);
    const shown = results.flatMap((result) => [result.file, ...result.problems.flatMap((problem) => problem.file ?? [])]);
    return file === join(projectDir, configFileName) || shown.includes(file);
  }
}

function isProject(projectDir: string): boolean {
  return existsSync(join(projectDir, configFileName));
}

function readProjectDir(state: unknown): string | undefined {
  if (typeof state !== 'object' || state === null || !('projectDir' in state)) return undefined;
  return typeof state.projectDir === 'string' ? state.projectDir : undefined;
}
