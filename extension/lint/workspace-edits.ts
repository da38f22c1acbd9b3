/** Changes of files through the editor, so that they can be undone. A file that nobody has open is saved afterwards. */
import { TabInputText, Uri, window, workspace, WorkspaceEdit, type TextDocument } from 'vscode';
import type { TextEdit } from '../../protocol';
import { toRange } from './to-diagnostics';

export function toWorkspaceEdit(file: string, edits: readonly TextEdit[]): WorkspaceEdit {
  const workspaceEdit = new WorkspaceEdit();
  for (const edit of edits) workspaceEdit.replace(Uri.file(file), toRange(edit), edit.text);
  return workspaceEdit;
}

/** False when the editor refuses. What had unsaved changes before is not saved. */
export async function applyEdits(document: TextDocument, edits: readonly TextEdit[]): Promise<boolean> {
  const wasDirty = document.isDirty;
  const isShown = isInTab(document);
  if (!(await workspace.applyEdit(toWorkspaceEdit(document.uri.fsPath, edits)))) return false;
  return wasDirty || isShown || (await document.save());
}

function isInTab(document: TextDocument): boolean {
  const uri = document.uri.toString();
  return window.tabGroups.all.some(({ tabs }) =>
    tabs.some(({ input }) => input instanceof TabInputText && input.uri.toString() === uri),
  );
}
