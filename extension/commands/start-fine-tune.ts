/** Temper: Start Fine-Tune. Starts at once and opens the panel; what is wrong comes from the trainer, with its place. */
import { basename, join } from 'node:path';
import { commands, ProgressLocation, window, workspace } from 'vscode';
import { RunFailure } from '../../protocol';
import { runtimeOf, type App } from '../app';
import { formatRunError, messages } from '../messages';
import { formatMethod } from '../panel/run-header';
import { pickProject } from '../pick-project';
import { startTraining } from '../process/start-training';
import { readSettings } from '../settings';
import { isTrusted } from '../trust';

/** `argument` may name the project: `{ projectDir }`, or the temper.json that a menu was opened on. Gives the run's folder. */
export async function startFineTune(app: App, argument?: unknown): Promise<string | undefined> {
  if (!isTrusted()) return undefined;
  const projectDir = await pickProject(app, argument, messages.startTitle);
  if (projectDir === undefined) return undefined;
  await saveAll(projectDir);
  const runDir = await startUnlessLeaking(app, projectDir);
  if (runDir === undefined) return undefined;
  await app.experiments.rescan(projectDir);
  const run = app.experiments.find(runDir);
  if (run?.record) {
    const { method, model } = run.record.config;
    window.setStatusBarMessage(messages.started(formatMethod(method), model), 5000);
  }
  if (readSettings().openPanelOnStart) app.panels.show(runDir, run?.name ?? basename(runDir));
  return runDir;
}

/** The trainer refuses rows that leak; the user may know better, and then the run's log says so. */
async function startUnlessLeaking(app: App, projectDir: string): Promise<string | undefined> {
  try {
    return await start(app, projectDir, false);
  } catch (thrown) {
    if (!(thrown instanceof RunFailure) || thrown.error.code !== 'leaks') throw thrown;
    return (await asksToStartAnyway(thrown)) ? start(app, projectDir, true) : undefined;
  }
}

function start(app: App, projectDir: string, allowLeaks: boolean): Promise<string> {
  const request = { runtime: runtimeOf(app), projectDir, threads: readSettings().threads, allowLeaks };
  const progress = { location: ProgressLocation.Window, title: messages.starting(basename(projectDir)) };
  return Promise.resolve(window.withProgress(progress, () => startTraining(request)));
}

async function asksToStartAnyway({ error }: RunFailure): Promise<boolean> {
  const options = { modal: true, detail: formatRunError(error) };
  const { showProblems, startAnyway } = messages;
  const chosen = await window.showWarningMessage(messages.startWithLeaks, options, showProblems, startAnyway);
  if (chosen === showProblems) await commands.executeCommand('temper.showProblems');
  return chosen === startAnyway;
}

/** The trainer reads the disk: what the user sees must be there. */
async function saveAll(projectDir: string): Promise<void> {
  const isOurs = (file: string) =>
    file.startsWith(join(projectDir, '/')) && /\.(jsonl|ndjson|json|csv|tsv|conll|bio|iob|txt)$/.test(file);
  for (const document of workspace.textDocuments) {
    if (document.isDirty && isOurs(document.uri.fsPath)) await document.save();
  }
}
