/** Temper: Evaluate Checkpoint. Measures a saved checkpoint on one split, in a process of its own, and shows the result. */
import { CancellationError, ProgressLocation, window, type CancellationToken, type Progress } from 'vscode';
import type { EvaluationStatus, MetricValues, RunConfig } from '../../protocol';
import { metricNames } from '../../protocol';
import { runtimeOf, type App } from '../app';
import { describeMetrics } from '../experiments/describe-run';
import type { FollowedRun } from '../experiments/followed-run';
import { checkpointDir, checkpointNodes, type CheckpointNode } from '../experiments/nodes';
import { messages } from '../messages';
import { pickCheckpoint, pickRun, readRunArgument } from '../pick-run';
import type { JsonLine } from '../process/json-lines';
import { runCli } from '../process/run-cli';
import { isTrusted } from '../trust';

type EvaluatedSplit = 'validation' | 'test' | 'ood';

interface Job {
  readonly run: FollowedRun;
  readonly node: CheckpointNode;
  readonly split: EvaluatedSplit;
}

/** `argument` is `{ runDir, step?, split? }`; what it leaves out is asked. Gives the metrics. */
export async function evaluateCheckpoint(app: App, argument?: unknown): Promise<MetricValues | undefined> {
  if (!isTrusted()) {
    refuse(app, argument, messages.untrusted);
    return undefined;
  }
  const isWanted = (run: FollowedRun) => run.state.checkpoints.length > 0;
  const run = await pickRun(app, argument, { isWanted, none: messages.noCheckpoint });
  const node = run && (await chooseCheckpoint(run, argument));
  if (node === undefined) refuse(app, argument, messages.checkpointGone);
  const split = node && (await chooseSplit(run, argument));
  return split && evaluate(app, { run, node, split });
}

/** One click: on the rows that are kept for this, without a question. */
export async function evaluateAtOnce(app: App, argument?: unknown): Promise<MetricValues | undefined> {
  const run = await pickRun(app, argument, { isWanted: () => true, none: messages.noCheckpoint });
  if (run === undefined || typeof argument !== 'object' || argument === null) return evaluateCheckpoint(app, argument);
  return evaluateCheckpoint(app, { split: splitsOf(run.record?.config).at(0), ...argument });
}

/** A panel that asked, and named the step, waits for an answer. */
function refuse(app: App, argument: unknown, message: string): void {
  const named = readRunArgument(argument);
  const step = readField(argument, 'step');
  if (named === undefined || typeof step !== 'number') return;
  app.panels.sessionOf(named.runDir)?.showEvaluation(step, 'test', { kind: 'failed', message });
}

async function chooseCheckpoint(run: FollowedRun, argument: unknown): Promise<CheckpointNode | undefined> {
  const step = readField(argument, 'step');
  if (step === undefined) return pickCheckpoint(run);
  return checkpointNodes(run).find((node) => node.step === step);
}

async function chooseSplit(run: FollowedRun, argument: unknown): Promise<EvaluatedSplit | undefined> {
  const splits = splitsOf(run.record?.config);
  const named = splits.find((split) => split === readField(argument, 'split'));
  if (named !== undefined || splits.length < 2) return named ?? splits[0];
  const items = splits.map((split) => ({ label: split, description: messages.splitDescriptions[split], split }));
  return (await window.showQuickPick(items, { placeHolder: messages.pickSplit }))?.split;
}

/** Those that the run knows, the one to judge by first. A part of train is held back where no validation file is named. */
function splitsOf(config: RunConfig | undefined): EvaluatedSplit[] {
  const named = (['test', 'ood'] as const).filter((split) => config?.data[split] !== undefined);
  return named.includes('test') ? ['test', 'validation', ...named.filter((split) => split !== 'test')] : ['validation', ...named];
}

async function evaluate(app: App, job: Job): Promise<MetricValues | undefined> {
  const { run, node, split } = job;
  const title = messages.evaluating(node.step, split);
  const show = (status: EvaluationStatus) => app.panels.sessionOf(run.dir)?.showEvaluation(node.step, split, status);
  try {
    const line = await window.withProgress(
      { location: ProgressLocation.Notification, title, cancellable: true },
      (progress, token) => runEvaluation(app, job, { show, progress, token }),
    );
    const metrics = readMetrics(line);
    await app.experiments.look(run);
    show({ kind: 'done', metrics });
    const result = `${split} (${String(line['rows'])} rows): ${describeMetrics(metrics)}`;
    void offerRun(app, run, messages.evaluated(run.name, node.step, result));
    return metrics;
  } catch (error) {
    const isCancelled = error instanceof CancellationError;
    show({ kind: 'failed', message: isCancelled ? messages.evaluationCancelled : describe(error) });
    if (isCancelled) return undefined;
    throw error;
  }
}

interface Watching {
  readonly show: (status: EvaluationStatus) => void;
  readonly progress: Progress<{ message?: string; increment?: number }>;
  readonly token: CancellationToken;
}

async function runEvaluation(app: App, { run, node, split }: Job, { show, progress, token }: Watching): Promise<JsonLine> {
  const abort = new AbortController();
  const listener = token.onCancellationRequested(() => abort.abort());
  let shown = 0;
  const onLine = ({ kind, done, total }: JsonLine) => {
    if (kind !== 'progress' || typeof done !== 'number' || typeof total !== 'number' || total === 0) return;
    const percent = (100 * done) / total;
    progress.report({ message: `${done} / ${total}`, increment: percent - shown });
    shown = percent;
    show({ kind: 'running', done, total });
  };
  show({ kind: 'running', done: 0, total: 0 });
  try {
    const args = ['eval', checkpointDir(run.dir, node.checkpoint), '--split', split];
    return await runCli({ runtime: runtimeOf(app), args, cwd: run.projectDir, onLine, signal: abort.signal });
  } catch (error) {
    throw abort.signal.aborted ? new CancellationError() : error;
  } finally {
    listener.dispose();
  }
}

async function offerRun(app: App, run: FollowedRun, text: string): Promise<void> {
  if (app.panels.isVisible(run.dir)) return void window.showInformationMessage(text);
  const chosen = await window.showInformationMessage(text, messages.openRun);
  if (chosen !== undefined) app.panels.show(run.dir, run.name);
}

function readMetrics(line: JsonLine): MetricValues {
  const { metrics } = line;
  if (typeof metrics !== 'object' || metrics === null) return {};
  const found = new Map<string, unknown>(Object.entries(metrics));
  const numbers = metricNames.flatMap((name) => {
    const value = found.get(name);
    return typeof value === 'number' ? [[name, value] as const] : [];
  });
  return Object.fromEntries(numbers);
}

function readField(argument: unknown, name: 'step' | 'split'): unknown {
  return typeof argument === 'object' && argument !== null ? new Map(Object.entries(argument)).get(name) : undefined;
}

function describe(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
