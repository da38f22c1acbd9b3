/** Temper: Stop. Asks the run to finish its step, save and end; offers force when that takes long. */
import { setTimeout as sleep } from 'node:timers/promises';
import { ProgressLocation, window } from 'vscode';
import { requestControl } from '../../runs/control';
import { runtimeOf, type App } from '../app';
import type { FollowedRun } from '../experiments/followed-run';
import { messages } from '../messages';
import { pickRun } from '../pick-run';
import { runCli } from '../process/run-cli';

const patienceMs = 10_000;

export async function stopRun(app: App, argument?: unknown): Promise<void> {
  const run = await pickRun(app, argument, { isWanted: ({ isActive }) => isActive, none: messages.noActiveRun });
  if (!run?.isActive) return;
  await requestControl(run.dir, { kind: 'stop' });
  const ended = waitForEnd(app, run);
  void offerForce(app, run, ended);
  await window.withProgress({ location: ProgressLocation.Window, title: messages.stopping(run.name) }, () => ended);
}

/** Resolves when the run has ended, or when nobody follows it any more. */
function waitForEnd(app: App, run: FollowedRun): Promise<void> {
  return new Promise((resolve) => {
    const isOver = () => !run.isActive || app.experiments.find(run.dir) !== run;
    if (isOver()) return resolve();
    const listener = app.experiments.changed.on(() => {
      if (!isOver()) return;
      listener.dispose();
      resolve();
    });
  });
}

async function offerForce(app: App, run: FollowedRun, ended: Promise<void>): Promise<void> {
  const isOver = await Promise.race([ended.then(() => true), sleep(patienceMs, false, { ref: false })]);
  if (isOver) return;
  const chosen = await window.showWarningMessage(messages.stopSlow(run.name), messages.stopNow, messages.keepWaiting);
  if (chosen === messages.stopNow && run.isActive) await runCli({ runtime: runtimeOf(app), args: ['stop', run.dir, '--now'] });
}
