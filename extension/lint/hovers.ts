/** The mouse on a row: what the model reads of it. */
import { Hover, languages, MarkdownString, Range, type HoverProvider, type Position, type TextDocument } from 'vscode';
import type { Queries } from '../lint-worker/messages';
import { Owner } from '../owner';
import { readSettings } from '../settings';
import { formatHover } from './format-hover';
import type { LintResults } from './lint-results';

type AskRow = (asks: Queries['row']['asks']) => Promise<Queries['row']['gets']>;

export class Hovers extends Owner implements HoverProvider {
  private readonly results: LintResults;
  private readonly askRow: AskRow;

  constructor(results: LintResults, askRow: AskRow) {
    super();
    this.results = results;
    this.askRow = askRow;
    this.own(languages.registerHoverProvider({ scheme: 'file' }, this));
  }

  async provideHover(document: TextDocument, { line, character }: Position): Promise<Hover | undefined> {
    const file = document.uri.fsPath;
    if (!readSettings().lintHover || !this.results.of(file)) return undefined;
    const row = await this.askRow({ file, line: line + 1, column: character + 1 });
    if (!row) return undefined;
    const range = document.validateRange(new Range(row.line - 1, 0, row.endLine - 1, Number.MAX_SAFE_INTEGER));
    return new Hover(new MarkdownString(formatHover(row)), range);
  }
}
