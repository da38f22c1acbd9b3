/**
 * Keeps the problems of all projects up to date, from disk and from what is being typed. The work is done in a thread of
 * its own; here stands what connects it to the editor.
 */
import type { Uri } from 'vscode';
import { commands, window, workspace, type LogOutputChannel, type TextDocument } from 'vscode';
import type { FileResult, Queries, QueryName, ThreadMessage } from '../lint-worker/messages';
import { messages } from '../messages';
import { Owner } from '../owner';
import { readSettings } from '../settings';
import { CodeActions } from './code-actions';
import { CodeLenses } from './code-lenses';
import { Diagnostics } from './diagnostics';
import { FileWatch } from './file-watch';
import { Hovers } from './hovers';
import { LintResults } from './lint-results';
import { findDocument, sizeOnDisk, toOpenDocument } from './open-document';
import { OpenTexts } from './open-texts';
import { readRulePages } from './rule-pages';
import { startThread } from './start-thread';
import { suppress, suppressCommand, type SuppressRequest } from './suppress';
import { ThreadClient } from './thread-client';

export class Linter extends Owner {
  readonly results = this.own(new LintResults());
  private readonly log: LogOutputChannel;
  private readonly thread: ThreadClient;
  private readonly texts: OpenTexts;
  private readonly watch: FileWatch;
  private readonly files = new Map<string, readonly string[]>();
  private dirs: readonly string[] = [];
  private maxProblems = 0;

  constructor(extensionUri: Uri, log: LogOutputChannel) {
    super();
    this.log = log;
    this.texts = new OpenTexts((message) => this.thread.post(message), { find: findDocument, sizeOnDisk });
    this.watch = this.own(new FileWatch((file, isGone) => this.changedOnDisk(file, isGone)));
    this.thread = this.own(
      new ThreadClient({
        start: (events) => startThread(extensionUri.fsPath, events),
        started: () => this.beginAnew(),
        received: (message) => this.receive(message),
        died: (reason, isForGood) => this.reportDeath(reason, isForGood),
      }),
    );
    this.listen();
    this.show(extensionUri);
  }

  setProjects(dirs: readonly string[]): void {
    this.dirs = dirs;
    this.begin();
  }

  ask<Name extends QueryName>(name: Name, asks: Queries[Name]['asks']): Promise<Queries[Name]['gets']> {
    return this.thread.ask(name, asks);
  }

  private show(extensionUri: Uri): void {
    const { results } = this;
    const pageOf = readRulePages(extensionUri);
    this.own(new Diagnostics(results, pageOf));
    this.own(new CodeActions({ results, pageOf, readSafeFixes: (file) => this.ask('safe-fixes', { file }) }));
    this.own(new CodeLenses(results));
    this.own(new Hovers(results, (asks) => this.ask('row', asks)));
    this.own(
      commands.registerCommand(suppressCommand, (request: SuppressRequest) =>
        suppress(request, (asks) => this.ask('fingerprint', asks)),
      ),
    );
  }

  private listen(): void {
    this.own(
      workspace.onDidChangeTextDocument(({ document, contentChanges }) => {
        if (this.isOurs(document)) this.texts.changed(toOpenDocument(document), contentChanges);
      }),
    );
    this.own(workspace.onDidOpenTextDocument((document) => this.isOurs(document) && this.texts.opened(document.uri.fsPath)));
    this.own(workspace.onDidSaveTextDocument((document) => this.isOurs(document) && this.texts.saved(document.uri.fsPath)));
    this.own(workspace.onDidCloseTextDocument((document) => this.isOurs(document) && this.texts.closed(document.uri.fsPath)));
    this.own(workspace.onDidChangeConfiguration((change) => change.affectsConfiguration('temper.lint') && this.begin()));
  }

  /** Says what is to be linted; a thread that is not there is started, and then comes here again. */
  private begin(): void {
    const { lintEnabled, maxProblemsPerFile: maxProblems } = readSettings();
    const dirs = lintEnabled ? this.dirs : [];
    this.results.keepOnlyProjects(dirs);
    for (const dir of [...this.files.keys()]) if (!dirs.includes(dir)) this.files.delete(dir);
    if (dirs.length > 0 && !this.thread.isRunning) return this.thread.start();
    if (maxProblems !== this.maxProblems) this.texts.reset();
    this.maxProblems = maxProblems;
    this.thread.post({ kind: 'projects', dirs, maxProblems });
    this.useFiles();
  }

  /** The thread knows nothing yet. */
  private beginAnew(): void {
    this.texts.reset();
    this.begin();
  }

  private receive(message: Exclude<ThreadMessage, { kind: 'answer' | 'refused' }>): void {
    switch (message.kind) {
      case 'files':
        return this.setFiles(message.dir, message.files);
      case 'linted':
        return this.take(message.result);
      case 'rested':
        return this.results.settle(message.dir);
      case 'failed':
        return this.log.error(messages.lintTitle, message.dir, message.detail);
      default:
        return message satisfies never;
    }
  }

  private setFiles(dir: string, files: readonly string[]): void {
    if (!this.files.has(dir)) this.texts.openAgain(files);
    this.files.set(dir, files);
    this.results.keepOnly(dir, new Set(files));
    this.useFiles();
  }

  private changedOnDisk(file: string, isGone: boolean): void {
    this.texts.changedOnDisk(file);
    if (isGone && !findDocument(file)?.isDirty) this.results.forget(file);
  }

  private useFiles(): void {
    const all = new Set([...this.files.values()].flat());
    this.watch.setFiles(all);
    this.texts.setFiles(all);
  }

  /** Of a project that was closed since, nothing. */
  private take(result: FileResult): void {
    if (!this.files.has(result.dir)) return;
    this.results.add(result);
    this.texts.linted(result);
  }

  private isOurs({ uri }: TextDocument): boolean {
    return uri.scheme === 'file';
  }

  private reportDeath(reason: string, isForGood: boolean): void {
    this.log.error(messages.lintTitle, reason);
    if (!isForGood) return void window.setStatusBarMessage(messages.linterDied, 10_000);
    void this.offerAgain();
  }

  private async offerAgain(): Promise<void> {
    const chosen = await window.showErrorMessage(messages.linterGone, messages.lintAgain, messages.showLog);
    if (chosen === messages.lintAgain) this.begin();
    if (chosen === messages.showLog) this.log.show();
  }
}
