/** What the commands work with: made once in extension.ts, ended with it. */
import type { ExtensionContext, LogOutputChannel } from 'vscode';
import type { Experiments } from './experiments/experiments';
import type { Linter } from './lint/linter';
import type { RunPanels } from './panel/run-panels';
import { createRuntime, type Runtime } from './process/runtime';
import type { DatasetReports } from './report/dataset-reports';
import { readSettings } from './settings';

export interface App {
  readonly context: ExtensionContext;
  readonly experiments: Experiments;
  readonly linter: Linter;
  readonly panels: RunPanels;
  readonly reports: DatasetReports;
  readonly log: LogOutputChannel;
  /** Resolves when the projects and runs of this window have been read once. Before that nobody can say there are none. */
  readonly ready: Promise<void>;
  /** Looks for projects again now, rather than when the editor reports the new file. */
  readonly findProjects: () => Promise<void>;
}

export function runtimeOf(app: App): Runtime {
  const { extensionUri, globalStorageUri } = app.context;
  return createRuntime(extensionUri.fsPath, readSettings().nodePath, globalStorageUri.fsPath);
}
