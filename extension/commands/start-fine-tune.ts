/** Temper: Start Fine-Tune. Starts at once and opens the panel; what is wrong comes from the trainer, with its place. */
import { basename, join } from 'node:path';
import { commands, ProgressLocation, Uri, window, workspace } from 'vscode';
import { runtimeOf, type App } from '../app';
import { messages } from '../messages';
import { formatMethod } from '../panel/run-header';
import { startTraining } from '../process/start-training';
import { readSettings } from '../settings';
import { isTrusted } from '../trust';

/** `argument` may name the project: `{ projectDir }`, or the temper.json that a menu was opened on. Gives the run's folder. */
export async function startFineTune(app: App, argument?: unknown): Promise<string | undefined> {
  if (!isTrusted()) return undefined;
  const projectDir = readProjectDir(argument) ?? (await pickProject(app));
  if (projectDir === undefined) return undefined;
  await saveAll(projectDir);
  const { threads, openPanelOnStart } = readSettings();
  const title = messages.starting(basename(projectDir));
  const runDir = await window.withProgress({ location: ProgressLocation.Window, title }, () =>
    startTraining({ runtime: runtimeOf(app), projectDir, threads }),
  );
  await app.experiments.rescan(projectDir);
  const run = app.experiments.find(runDir);
  if (run?.record) {
    const { method, model } = run.record.config;
    window.setStatusBarMessage(messages.started(formatMethod(method), model), 5000);
  }
  if (openPanelOnStart) app.panels.show(runDir, run?.name ?? basename(runDir));
  return runDir;
}

function readProjectDir(argument: unknown): string | undefined {
  if (argument instanceof Uri) return join(argument.fsPath, '..');
  if (typeof argument !== 'object' || argument === null || !('projectDir' in argument)) return undefined;
  return typeof argument.projectDir === 'string' ? argument.projectDir : undefined;
}

async function pickProject(app: App): Promise<string | undefined> {
  await app.findProjects();
  const dirs = app.experiments.projectDirs;
  if (dirs.length === 0) void offerNewProject();
  if (dirs.length < 2) return dirs[0];
  const items = dirs.map((dir) => ({ label: basename(dir), description: workspace.asRelativePath(dir), dir }));
  return (await window.showQuickPick(items, { title: messages.startTitle, placeHolder: messages.pickProject }))?.dir;
}

async function offerNewProject(): Promise<void> {
  const text = workspace.workspaceFolders === undefined ? messages.noFolder : messages.noProject;
  const chosen = await window.showInformationMessage(text, messages.newProject);
  if (chosen !== undefined) await commands.executeCommand('temper.newProject');
}

/** The trainer reads the disk: what the user sees must be there. */
async function saveAll(projectDir: string): Promise<void> {
  const isOurs = (file: string) => file.startsWith(join(projectDir, '/')) && /\.(jsonl|csv|tsv)$|temper\.json$/.test(file);
  for (const document of workspace.textDocuments) {
    if (document.isDirty && isOurs(document.uri.fsPath)) await document.save();
  }
}
