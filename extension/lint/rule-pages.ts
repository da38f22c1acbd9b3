/** Where each rule is explained: its section in docs/rules.md, which ships with the extension. */
import { readFileSync } from 'node:fs';
import { Uri } from 'vscode';

export type PageOf = (code: string) => Uri | undefined;

/** Reads the page once. A rule without a section has no link. */
export function readRulePages(extensionUri: Uri): PageOf {
  const page = Uri.joinPath(extensionUri, 'docs', 'rules.md');
  const lines = readFileSync(page.fsPath, 'utf8').split('\n');
  return (code) => {
    const index = lines.findIndex((line) => line.trim() === `## ${code}`);
    return index < 0 ? undefined : page.with({ fragment: `L${index + 1}` });
  };
}
