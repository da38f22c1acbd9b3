/**
 * Temper: Set Up Acceleration. Looks at the machine, shows what can make training faster and why something cannot, and
 * installs or removes it. All of the work is `temper doctor` and `temper accelerate`, in processes of their own.
 */
import { CancellationError, ProgressLocation, QuickPickItemKind, window } from 'vscode';
import {
  acceleratorReportSchema,
  findingSchema,
  installProgressSchema,
  RunFailure,
  type Accelerator,
  type AcceleratorReport,
  type Finding,
} from '../../protocol';
import { runtimeOf, type App } from '../app';
import { formatRunError, messages } from '../messages';
import type { JsonLine } from '../process/json-lines';
import { runCli } from '../process/run-cli';
import { runUntilCancelled } from '../process/run-until-cancelled';
import { isTrusted } from '../trust';
import { accelerationItems, formatAdvice, type AccelerationItem } from './acceleration-items';

/** Gives what was said of each accelerator before anything was done; nothing when the user cancelled. */
export async function setUpAcceleration(app: App): Promise<readonly AcceleratorReport[] | undefined> {
  if (!isTrusted()) return undefined;
  const diagnosis = await diagnose(app);
  const chosen = diagnosis && (await choose(diagnosis));
  if (chosen?.kind === 'finding') void window.showInformationMessage(formatAdvice(chosen));
  if (chosen?.kind === 'accelerator') await act(app, chosen);
  return diagnosis?.reports;
}

async function act(app: App, report: AcceleratorReport): Promise<void> {
  const action = await askAction(report);
  if (action === 'install') await install(app, report.name);
  if (action === 'remove') await remove(app, report.name);
}

interface Diagnosis {
  readonly reports: readonly AcceleratorReport[];
  readonly findings: readonly Finding[];
}

async function diagnose(app: App): Promise<Diagnosis | undefined> {
  const [reports, findings]: [AcceleratorReport[], Finding[]] = [[], []];
  const onLine = (line: JsonLine) => {
    const report = acceleratorReportSchema.safeParse(line).data;
    if (report !== undefined) reports.push(report);
    const finding = findingSchema.safeParse(line).data;
    if (finding !== undefined) findings.push(finding);
  };
  const done = await runCancellable(app, messages.lookingForAcceleration, { args: ['doctor'], onLine });
  return done && { reports, findings };
}

async function choose({ reports, findings }: Diagnosis): Promise<AcceleratorReport | Finding | undefined> {
  const items = accelerationItems(reports, findings);
  const separator = (label: string) => ({ label, kind: QuickPickItemKind.Separator });
  const list = [
    separator(messages.acceleratorsTitle),
    ...items.accelerators,
    separator(messages.findingsTitle),
    ...items.findings,
  ];
  const options = { title: messages.accelerationTitle, placeHolder: messages.pickAccelerator, matchOnDetail: true };
  const picked: AccelerationItem | { readonly label: string } | undefined = await window.showQuickPick(list, options);
  return picked !== undefined && 'about' in picked ? picked.about : undefined;
}

/** Nothing is downloaded or removed before the user has said so to this question. */
async function askAction(report: AcceleratorReport): Promise<'install' | 'remove' | undefined> {
  const name = messages.acceleratorNames[report.name];
  if (report.isInstalled) return askAboutInstalled(report, name);
  if (report.state === 'installable') {
    const detail = messages.confirmInstallDetail(report.diskBytes, report.source);
    const question = messages.confirmInstall(name);
    return (await window.showInformationMessage(question, { modal: true, detail }, messages.install)) && 'install';
  }
  const text = messages.acceleratorSays(name, formatAdvice(report));
  void (report.state === 'usable' ? window.showInformationMessage(text) : window.showWarningMessage(text));
  return undefined;
}

async function askAboutInstalled(report: AcceleratorReport, name: string): Promise<'install' | 'remove' | undefined> {
  const detail = `${formatAdvice(report)}\n\n${messages.confirmInstallDetail(report.diskBytes, report.source)}`;
  const options = { modal: true, detail };
  const actions = [messages.installAgain, messages.removeAccelerator] as const;
  const chosen = await window.showInformationMessage(messages.acceleratorInstalled(name), options, ...actions);
  return chosen === undefined ? undefined : chosen === messages.removeAccelerator ? 'remove' : 'install';
}

async function install(app: App, name: Accelerator): Promise<void> {
  const title = messages.installing(messages.acceleratorNames[name]);
  try {
    const result = await runCancellable(app, title, { args: ['accelerate', name] });
    if (result === undefined) return;
    void window.showInformationMessage(messages.acceleratorReady(messages.acceleratorNames[name], String(result['chosen'])));
  } catch (error) {
    if (!(error instanceof RunFailure)) throw error;
    app.log.error(title, formatRunError(error.error));
    void offerLog(app, messages.failed(messages.accelerationTitle, formatRunError(error.error)));
  }
}

async function remove(app: App, name: Accelerator): Promise<void> {
  await runCli({ runtime: runtimeOf(app), args: ['accelerate', name, '--remove'] });
  void window.showInformationMessage(messages.acceleratorRemoved(messages.acceleratorNames[name]));
}

async function offerLog(app: App, text: string): Promise<void> {
  const chosen = await window.showErrorMessage(text, messages.showLog);
  if (chosen !== undefined) app.log.show();
}

interface Call {
  readonly args: readonly string[];
  readonly onLine?: (line: JsonLine) => void;
}

/** The result; none when the user cancelled. What the command prints for people who wonder goes into the log. */
async function runCancellable(app: App, title: string, { args, onLine }: Call): Promise<JsonLine | undefined> {
  const cwd = app.experiments.projectDirs[0] ?? app.context.extensionUri.fsPath; // a project may have an accelerator of its own
  const options = { location: ProgressLocation.Notification, title, cancellable: true };
  try {
    return await window.withProgress(options, async (progress, token) => {
      const hear = (line: JsonLine) => {
        onLine?.(line);
        const step = installProgressSchema.safeParse(line).data;
        if (step !== undefined) progress.report({ message: messages.installProgress(step) });
        if (line['kind'] === 'output') app.log.info(String(line['text']));
      };
      return runUntilCancelled(token, (signal) => runCli({ runtime: runtimeOf(app), args, cwd, onLine: hear, signal }));
    });
  } catch (error) {
    if (error instanceof CancellationError) return undefined;
    throw error;
  }
}
