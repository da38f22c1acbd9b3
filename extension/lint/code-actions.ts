/** The lightbulb: what can be done about the problems under the cursor, and everything that is safe at once. */
import {
  CodeAction,
  CodeActionKind,
  languages,
  type CodeActionContext,
  type CodeActionProvider,
  type Range,
  type TextDocument,
} from 'vscode';
import type { TextEdit } from '../../protocol';
import type { FileResult } from '../lint-worker/messages';
import { messages } from '../messages';
import { Owner } from '../owner';
import type { LintResults } from './lint-results';
import { isLintedText } from './open-document';
import { countFixable, planActions, type PlannedAction } from './plan-fixes';
import type { PageOf } from './rule-pages';
import { suppressCommand, type SuppressRequest } from './suppress';
import { toRange } from './to-diagnostics';
import { toWorkspaceEdit } from './workspace-edits';

const fixAllKind = CodeActionKind.SourceFixAll.append('temper');

/** Its edits are asked for when it is chosen. */
class FixAllAction extends CodeAction {
  readonly document: TextDocument;

  constructor(document: TextDocument, kind: CodeActionKind) {
    super(messages.fixAllSafe, kind);
    this.document = document;
  }
}

export interface CodeActionsOptions {
  readonly results: LintResults;
  readonly pageOf: PageOf;
  readSafeFixes(file: string): Promise<readonly TextEdit[]>;
}

export class CodeActions extends Owner implements CodeActionProvider {
  private readonly options: CodeActionsOptions;

  constructor(options: CodeActionsOptions) {
    super();
    this.options = options;
    const metadata = { providedCodeActionKinds: [CodeActionKind.QuickFix, fixAllKind] };
    this.own(languages.registerCodeActionsProvider({ scheme: 'file' }, this, metadata));
  }

  /** Positions of another version of the text would change the wrong places: then there is nothing to offer yet. */
  provideCodeActions(document: TextDocument, { start, end }: Range, context: CodeActionContext): CodeAction[] {
    const result = this.options.results.of(document.uri.fsPath);
    if (!result || !isLintedText(document, result)) return [];
    if (context.only?.contains(fixAllKind)) return countFixable(result) > 0 ? [new FixAllAction(document, fixAllKind)] : [];
    const place = { line: start.line + 1, column: start.character + 1, endLine: end.line + 1, endColumn: end.character + 1 };
    return planActions(result, place).flatMap((planned) => {
      const action = this.createAction(document, result, planned);
      if (!action) return [];
      action.diagnostics = context.diagnostics.filter(({ range, message }) => isAbout(planned, range, message));
      return [action];
    });
  }

  async resolveCodeAction(action: CodeAction): Promise<CodeAction> {
    if (!(action instanceof FixAllAction)) return action;
    const file = action.document.uri.fsPath;
    const { version } = action.document;
    const edits = await this.options.readSafeFixes(file);
    if (version === action.document.version) action.edit = toWorkspaceEdit(file, edits);
    return action;
  }

  private createAction(document: TextDocument, result: FileResult, planned: PlannedAction): CodeAction | undefined {
    switch (planned.kind) {
      case 'edit': {
        const action = new CodeAction(planned.title, CodeActionKind.QuickFix);
        action.edit = toWorkspaceEdit(planned.file, planned.edits);
        action.isPreferred = planned.isPreferred;
        return action;
      }
      case 'fix-all':
        return new FixAllAction(document, CodeActionKind.QuickFix);
      case 'suppress': {
        const { problem, scope } = planned;
        const request: SuppressRequest = { dir: result.dir, file: result.file, problem, scope };
        return createCommandAction(planned.title, suppressCommand, request);
      }
      case 'show-rule': {
        const page = this.options.pageOf(planned.code);
        return page && createCommandAction(planned.title, 'vscode.open', page);
      }
      default:
        return planned satisfies never;
    }
  }
}

function isAbout({ problem }: PlannedAction, range: Range, message: string): boolean {
  return problem?.message === message && toRange(problem).isEqual(range);
}

function createCommandAction(title: string, command: string, argument: unknown): CodeAction {
  const action = new CodeAction(title, CodeActionKind.QuickFix);
  action.command = { title, command, arguments: [argument] };
  return action;
}
