/**
 * Temper: Download Base Model. Asks for a name, says how much it is and from where, and downloads it into the Hugging Face
 * cache when the user agrees. All of the work is `temper pull`, in a process of its own.
 */
import { CancellationError, env, ProgressLocation, window, type Progress } from 'vscode';
import { parseHubModelName, pullPlanSchema, pullProgressSchema, RunFailure, type PullPlan, type RunError } from '../../protocol';
import { runtimeOf, type App } from '../app';
import { askForToken, forgetToken, hasToken, tokenEnvironment } from '../hub-token';
import { formatRunError, messages } from '../messages';
import type { JsonLine } from '../process/json-lines';
import { runCli } from '../process/run-cli';
import { runUntilCancelled } from '../process/run-until-cancelled';
import { isTrusted } from '../trust';

/** `argument` is `{ model }`, which is asked otherwise. Gives the model's folder; nothing when the user did not want it after all. */
export async function downloadModel(app: App, argument?: unknown): Promise<string | undefined> {
  if (!isTrusted()) return undefined;
  const model = readModel(argument) ?? (await askName());
  if (model === undefined) return undefined;
  const plan = await pullWithToken(app, () => askForPlan(app, model));
  if (plan === undefined) return undefined;
  const isWanted = plan.missingBytes === 0 || (await confirm(plan));
  if (!isWanted || !(await pullWithToken(app, () => download(app, plan)))) return undefined;
  void offerName(plan);
  return plan.dir;
}

function readModel(argument: unknown): string | undefined {
  const isAnswer = typeof argument === 'object' && argument !== null && 'model' in argument;
  return isAnswer && typeof argument.model === 'string' ? argument.model : undefined;
}

async function askName(): Promise<string | undefined> {
  const name = await window.showInputBox({
    title: messages.downloadTitle,
    prompt: messages.askModel,
    placeHolder: messages.modelExample,
    ignoreFocusOut: true,
    validateInput: (text) => (parseHubModelName(text.trim()) === undefined ? messages.modelNameWrong : undefined),
  });
  return name?.trim();
}

/** Nothing when the user cancelled. The server is asked, and nothing is downloaded. */
async function askForPlan(app: App, model: string): Promise<PullPlan | undefined> {
  let plan: PullPlan | undefined;
  const onLine = (line: JsonLine) => (plan ??= pullPlanSchema.safeParse(line).data);
  const done = await runCancellable(app, { title: messages.askingHub(model), args: [model, '--dry-run'], onLine });
  return done && plan;
}

/** Nothing is downloaded before the user has said so to this question. */
async function confirm(plan: PullPlan): Promise<boolean> {
  const options = { modal: true, detail: messages.confirmDownloadDetail(plan) };
  return (await window.showInformationMessage(messages.confirmDownload(plan.model), options, messages.download)) !== undefined;
}

/** False when the user cancelled. */
async function download(app: App, { model, totalBytes }: PullPlan): Promise<boolean> {
  let shownPercent = 0;
  const onLine = (line: JsonLine, progress: Progress<{ message: string; increment: number }>) => {
    const step = pullProgressSchema.safeParse(line).data;
    if (step === undefined) return;
    const percent = totalBytes === 0 ? 100 : (100 * step.bytes) / totalBytes;
    progress.report({ message: messages.downloadProgress(step), increment: percent - shownPercent });
    shownPercent = percent;
  };
  const done = await runCancellable(app, { title: messages.downloading(model), args: [model], onLine });
  if (done === undefined) void window.showInformationMessage(messages.downloadCancelled(model));
  return done !== undefined;
}

/** Again with a token, for as long as the Hub refuses and the user gives one. */
async function pullWithToken<Result>(app: App, pull: () => Promise<Result>): Promise<Result | undefined> {
  for (;;) {
    try {
      return await pull();
    } catch (thrown) {
      if (!(thrown instanceof RunFailure) || thrown.error.code !== 'access-denied') throw thrown;
      if (!(await offerToken(app, thrown.error))) return undefined;
    }
  }
}

async function offerToken(app: App, { message, hint }: RunError): Promise<boolean> {
  const { secrets } = app.context;
  const actions = [messages.enterToken, ...((await hasToken(secrets)) ? [messages.forgetToken] : [])];
  const options = { modal: true, detail: messages.accessDeniedDetail(hint) };
  const chosen = await window.showWarningMessage(message, options, ...actions);
  if (chosen === messages.enterToken) return askForToken(secrets);
  if (chosen !== messages.forgetToken) return false;
  await forgetToken(secrets);
  void window.showInformationMessage(messages.tokenForgotten);
  return false;
}

async function offerName({ model }: PullPlan): Promise<void> {
  const chosen = await window.showInformationMessage(messages.modelReady(model), messages.copyName);
  if (chosen !== undefined) await env.clipboard.writeText(model);
}

interface Call {
  readonly title: string;
  readonly args: readonly string[];
  readonly onLine: (line: JsonLine, progress: Progress<{ message: string; increment: number }>) => void;
}

/** The result of `temper pull`; none when the user cancelled. */
async function runCancellable(app: App, { title, args, onLine }: Call): Promise<JsonLine | undefined> {
  const environment = { NODE_USE_ENV_PROXY: '1', ...(await tokenEnvironment(app.context.secrets)) };
  const options = { location: ProgressLocation.Notification, title, cancellable: true };
  try {
    return await window.withProgress(options, (progress, token) => {
      const hear = (line: JsonLine) => {
        if (line['kind'] === 'output') app.log.info(String(line['text']));
        onLine(line, progress);
      };
      const call = { runtime: runtimeOf(app), args: ['pull', ...args], environment, onLine: hear };
      return runUntilCancelled(token, (signal) => runCli({ ...call, signal }));
    });
  } catch (thrown) {
    if (thrown instanceof CancellationError) return undefined;
    if (thrown instanceof RunFailure) app.log.error(title, formatRunError(thrown.error));
    throw thrown;
  }
}
