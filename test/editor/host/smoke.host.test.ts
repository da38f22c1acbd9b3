// That the suites in this folder run where they claim to: in a real extension host, with the real `vscode` API.
import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import * as vscode from 'vscode';

describe('the extension host', () => {
  it('is VS Code 1.104 or newer', () => {
    const [major = 0, minor = 0] = vscode.version.split('.').map(Number);
    assert.ok(major > 1 || (major === 1 && minor >= 104), `found ${vscode.version}`);
  });

  it('has one folder open, on this disk', () => {
    const folders = vscode.workspace.workspaceFolders ?? [];
    assert.equal(folders.length, 1);
    assert.ok(fs.statSync(folders[0]?.uri.fsPath ?? '').isDirectory());
  });

  it('opens a document in a real editor', async () => {
    const document = await vscode.workspace.openTextDocument({ content: 'one\ntwo', language: 'plaintext' });
    const editor = await vscode.window.showTextDocument(document);
    await editor.edit((edit) => edit.insert(new vscode.Position(1, 3), '!'));
    assert.equal(document.getText(), 'one\ntwo!');
    await vscode.commands.executeCommand('workbench.action.revertAndCloseActiveEditor');
  });
});
