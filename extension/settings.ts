/** What the user set under `temper.` in the editor's settings. Each is described in package.json and honoured here. */
import { workspace } from 'vscode';

export interface Settings {
  readonly lintEnabled: boolean;
  readonly maxProblemsPerFile: number;
  readonly lintCodeLens: boolean;
  readonly lintHover: boolean;
  /** 0 leaves it to the trainer. */
  readonly threads: number;
  /** Empty means the Node that the editor itself runs on. */
  readonly nodePath: string;
  readonly openPanelOnStart: boolean;
}

export function readSettings(): Settings {
  const settings = workspace.getConfiguration('temper');
  return {
    lintEnabled: settings.get('lint.enabled', true),
    maxProblemsPerFile: settings.get('lint.maxProblemsPerFile', 500),
    lintCodeLens: settings.get('lint.codeLens', true),
    lintHover: settings.get('lint.hover', true),
    threads: settings.get('train.threads', 0),
    nodePath: settings.get('train.nodePath', '').trim(),
    openPanelOnStart: settings.get('panel.openOnStart', true),
  };
}
