/** Keeps the problems of all projects up to date: from disk, and from what is being typed. One diagnostic collection. */
import { languages, Uri, workspace, type TextDocument } from 'vscode';
import { Owner } from '../owner';
import { readSettings } from '../settings';
import { Debounce } from '../timing';
import { FileWatch } from './file-watch';
import { ProjectLint, type FileFindings, type UnsavedText } from './project-lint';
import { readRulePages, type PageOf } from './rule-pages';
import { toDiagnostics } from './to-diagnostics';

const quietMs = 150;

type Show = (file: string, findings: FileFindings | undefined) => void;

export class Linter extends Owner {
  private readonly pageOf: PageOf;
  private readonly diagnostics = this.own(languages.createDiagnosticCollection('temper'));
  private readonly projects = new Map<string, LintedProject>();

  constructor(extensionUri: Uri) {
    super();
    this.pageOf = readRulePages(extensionUri);
    this.own(workspace.onDidChangeTextDocument(({ document }) => this.askFor(document)));
    this.own(workspace.onDidSaveTextDocument((document) => this.askFor(document)));
    this.own(workspace.onDidCloseTextDocument((document) => this.askFor(document)));
    this.own(workspace.onDidChangeConfiguration((change) => change.affectsConfiguration('temper.lint') && this.askForAll()));
    this.own({ dispose: () => this.setProjects([]) });
  }

  setProjects(dirs: readonly string[]): void {
    for (const [dir, project] of this.projects) {
      if (dirs.includes(dir)) continue;
      project.dispose();
      this.projects.delete(dir);
    }
    for (const dir of dirs) this.projects.set(dir, this.projects.get(dir) ?? this.createProject(dir));
  }

  private createProject(dir: string): LintedProject {
    const show: Show = (file, findings) => {
      const options = { maxProblems: readSettings().maxProblemsPerFile, pageOf: this.pageOf };
      this.diagnostics.set(Uri.file(file), findings && toDiagnostics(findings, options));
    };
    return new LintedProject(dir, show);
  }

  private askFor(document: TextDocument): void {
    if (document.uri.scheme !== 'file') return;
    for (const project of this.projects.values()) project.askFor(document.uri.fsPath);
  }

  private askForAll(): void {
    for (const project of this.projects.values()) project.ask();
  }
}

class LintedProject extends Owner {
  private readonly lint: ProjectLint;
  private readonly show: Show;
  private readonly pause: Debounce;
  private readonly watch: FileWatch;
  private shown: ReadonlySet<string> = new Set();
  private round = 0;

  constructor(dir: string, show: Show) {
    super();
    this.lint = new ProjectLint(dir, findUnsaved);
    this.show = show;
    this.pause = this.own(new Debounce(quietMs, () => void this.run()));
    this.watch = this.own(new FileWatch(() => this.ask()));
    this.own({ dispose: () => this.showAll(new Map()) });
    void this.run();
  }

  ask(): void {
    this.pause.ask();
  }

  askFor(file: string): void {
    if (this.lint.files.has(file)) this.ask();
  }

  private async run(): Promise<void> {
    const round = ++this.round;
    const findings = readSettings().lintEnabled ? await this.lint.lint() : new Map<string, FileFindings>();
    if (round !== this.round || this.isEnded) return;
    this.watch.setFiles(this.lint.files);
    this.showAll(findings);
  }

  private showAll(findings: ReadonlyMap<string, FileFindings>): void {
    for (const file of this.shown) if (!findings.has(file)) this.show(file, undefined);
    for (const [file, found] of findings) this.show(file, found);
    this.shown = new Set(findings.keys());
  }
}

function findUnsaved(file: string): UnsavedText | undefined {
  const document = workspace.textDocuments.find(({ uri }) => uri.scheme === 'file' && uri.fsPath === file);
  return document?.isDirty ? { version: document.version, text: document.getText() } : undefined;
}
