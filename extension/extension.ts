/** Where the extension begins: every object is made here, every command stands in one list. */
import { commands, window, type ExtensionContext } from 'vscode';
import { requestControl } from '../runs/control';
import type { App } from './app';
import { deleteRun } from './commands/delete-run';
import { downloadModel } from './commands/download-model';
import { evaluateAtOnce, evaluateCheckpoint } from './commands/evaluate-checkpoint';
import { fixAllInFile } from './commands/fix-all-in-file';
import { newProject } from './commands/new-project';
import { openConfig, openFolder, openLog, openRun } from './commands/open-run';
import { setUpAcceleration } from './commands/set-up-acceleration';
import { showDatasetReport } from './commands/show-dataset-report';
import { showProblems } from './commands/show-problems';
import { startFineTune } from './commands/start-fine-tune';
import { stopRun } from './commands/stop-run';
import { ContextKeys } from './context-keys';
import { Experiments } from './experiments/experiments';
import { ExperimentsTree } from './experiments/experiments-tree';
import { Linter } from './lint/linter';
import { Owner } from './owner';
import type { PanelRequest } from './panel/panel-session';
import { RunPanels } from './panel/run-panels';
import { Projects } from './projects';
import { DatasetReports } from './report/dataset-reports';
import { RunEndNotices } from './run-end-notices';
import { showFailure } from './show-failure';
import { StatusBar } from './status-bar';
import { putOnTerminalPath } from './terminal-path';

/** What the editor tests look at. Not an interface for other extensions. */
export interface TemperApi {
  readonly experiments: Experiments;
  readonly linter: Linter;
  readonly tree: ExperimentsTree;
  readonly statusBar: StatusBar;
  readonly ready: Promise<void>;
}

type Command = (app: App, argument?: unknown) => Promise<unknown>;

/** Each with the title that a failure is reported under. */
const temperCommands: Readonly<Record<string, readonly [title: string, run: Command]>> = {
  'temper.newProject': ['New Project', newProject],
  'temper.startFineTune': ['Start Fine-Tune', startFineTune],
  'temper.stop': ['Stop', stopRun],
  'temper.openRun': ['Open Run', openRun],
  'temper.evaluateCheckpoint': ['Evaluate Checkpoint', evaluateCheckpoint],
  'temper.evaluateAtOnce': ['Evaluate', evaluateAtOnce],
  'temper.openLog': ['Open Log', openLog],
  'temper.deleteRun': ['Delete Run', deleteRun],
  'temper.showProblems': ['Show Problems', showProblems],
  'temper.fixAllInFile': ['Fix All in File', fixAllInFile],
  'temper.showDatasetReport': ['Show Dataset Report', showDatasetReport],
  'temper.setUpAcceleration': ['Set Up Acceleration', setUpAcceleration],
  'temper.downloadModel': ['Download Base Model', downloadModel],
};

/** Returns at once: a panel that is being restored waits for this, and needs no list of runs. */
export function activate(context: ExtensionContext): TemperApi {
  const owner = new Owner();
  context.subscriptions.push(owner);
  const log = owner.own(window.createOutputChannel('Temper', { log: true }));
  const experiments = owner.own(new Experiments());
  const linter = owner.own(new Linter(context.extensionUri, log));
  const projects = owner.own(
    new Projects(async (dirs) => {
      linter.setProjects(dirs);
      await experiments.setProjects(dirs);
    }),
  );
  const panels = owner.own(new RunPanels(context, (runDir, message) => void handle(app, runDir, message)));
  const reports = owner.own(new DatasetReports(context, linter));
  const keys = owner.own(new ContextKeys(experiments));
  const ready = projects.find().then(() => keys.markReady());
  const app: App = { context, experiments, linter, panels, reports, log, ready, findProjects: () => projects.find() };
  for (const [id, [title, run]] of Object.entries(temperCommands)) {
    owner.own(commands.registerCommand(id, (argument?: unknown) => runCommand(app, title, () => run(app, argument))));
  }
  const tree = owner.own(new ExperimentsTree(experiments));
  const statusBar = owner.own(new StatusBar(experiments));
  owner.own(new RunEndNotices(app));
  putOnTerminalPath(context);
  return { experiments, linter, tree, statusBar, ready };
}

/** What a command throws is shown and logged here, once. */
async function runCommand(app: App, title: string, run: () => Promise<unknown>): Promise<unknown> {
  try {
    return await run();
  } catch (thrown) {
    showFailure(app.log, title, thrown);
    return undefined;
  }
}

/** What a run's panel asks for. */
async function handle(app: App, runDir: string, message: PanelRequest): Promise<unknown> {
  switch (message.kind) {
    case 'stop':
      return commands.executeCommand('temper.stop', { runDir });
    case 'evaluate':
      return commands.executeCommand('temper.evaluateAtOnce', { runDir, step: message.step });
    case 'pause':
    case 'continue':
    case 'evaluate-now':
      return runCommand(app, message.kind, () => requestControl(runDir, { kind: message.kind }));
    case 'open':
      return runCommand(app, 'Open', () => open(app, runDir, message.what));
    default:
      return message satisfies never;
  }
}

async function open(app: App, runDir: string, what: 'log' | 'config' | 'folder'): Promise<void> {
  switch (what) {
    case 'log':
      return openLog(app, { runDir });
    case 'config':
      return openConfig(runDir);
    case 'folder':
      return openFolder(runDir);
    default:
      return what satisfies never;
  }
}
