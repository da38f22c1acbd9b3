/** The figures on top of a data file, and what can be fixed in it. They change only when their words do. */
import { CodeLens, EventEmitter, languages, Range, workspace, type CodeLensProvider, type TextDocument } from 'vscode';
import type { FileResult } from '../lint-worker/messages';
import { messages } from '../messages';
import { Owner } from '../owner';
import { readSettings } from '../settings';
import { formatSummary } from './format-summary';
import type { LintResults } from './lint-results';
import { countProblems } from './plan-diagnostics';
import { countFixable } from './plan-fixes';

const head = new Range(0, 0, 0, 0);

export class CodeLenses extends Owner implements CodeLensProvider {
  private readonly changed = this.own(new EventEmitter<void>());
  readonly onDidChangeCodeLenses = this.changed.event;
  private readonly results: LintResults;
  private readonly said = new Map<string, string>();

  constructor(results: LintResults) {
    super();
    this.results = results;
    this.own(results.changed.on((file) => this.compare(file)));
    this.own(
      workspace.onDidChangeConfiguration((change) => change.affectsConfiguration('temper.lint.codeLens') && this.changed.fire()),
    );
    this.own(languages.registerCodeLensProvider({ scheme: 'file' }, this));
  }

  provideCodeLenses(document: TextDocument): CodeLens[] {
    const result = readSettings().lintCodeLens ? this.results.of(document.uri.fsPath) : undefined;
    return result ? createLenses(result) : [];
  }

  private compare(file: string): void {
    const result = this.results.of(file);
    const words = result ? titlesOf(result).join('\n') : '';
    if (words === (this.said.get(file) ?? '')) return;
    this.said.set(file, words);
    this.changed.fire();
  }
}

function createLenses(result: FileResult): CodeLens[] {
  const [summary, fix] = titlesOf(result);
  const { dir: projectDir, file } = result;
  const lenses: CodeLens[] = [];
  if (summary !== undefined) {
    const tooltip = messages.summaryTooltip;
    lenses.push(
      new CodeLens(head, { title: summary, tooltip, command: 'temper.showDatasetReport', arguments: [{ projectDir, file }] }),
    );
  }
  if (fix !== undefined) {
    const tooltip = messages.fixProblemsTooltip;
    lenses.push(new CodeLens(head, { title: fix, tooltip, command: 'temper.fixAllInFile', arguments: [{ file }] }));
  }
  return lenses;
}

function titlesOf(result: FileResult): string[] {
  const summary = formatSummary(result);
  if (summary === undefined) return [];
  const fixable = countFixable(result);
  return fixable > 0 ? [summary, messages.fixProblems(fixable, result.problems.length === countProblems(result))] : [summary];
}
