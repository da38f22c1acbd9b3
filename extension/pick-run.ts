/** Which run or checkpoint a command is about: named by its argument, the only one there is, or picked from a list. */
import { window, type QuickPickItem } from 'vscode';
import type { App } from './app';
import { describeMetrics, describeRun } from './experiments/describe-run';
import type { FollowedRun } from './experiments/followed-run';
import { checkpointNodes, nodeLabel, type CheckpointNode } from './experiments/nodes';
import { messages } from './messages';

/** What trees, panels and tests hand to a command. */
export interface RunArgument {
  readonly runDir: string;
}

export function readRunArgument(argument: unknown): RunArgument | undefined {
  if (typeof argument !== 'object' || argument === null || !('runDir' in argument)) return undefined;
  return typeof argument.runDir === 'string' ? { runDir: argument.runDir } : undefined;
}

export interface RunChoice {
  readonly isWanted: (run: FollowedRun) => boolean;
  /** What to say when there is none. */
  readonly none: string;
}

export async function pickRun(app: App, argument: unknown, choice: RunChoice): Promise<FollowedRun | undefined> {
  await app.ready;
  const named = readRunArgument(argument);
  const runs = app.experiments.runs().filter(choice.isWanted);
  if (named) return app.experiments.find(named.runDir);
  if (runs.length === 0) void window.showInformationMessage(choice.none);
  if (runs.length < 2) return runs[0];
  const items = runs.map((run) => ({ label: run.name, description: describeRun(run.state), detail: run.id, run }));
  return (await window.showQuickPick(items, { placeHolder: messages.pickRun, matchOnDescription: true, matchOnDetail: true }))
    ?.run;
}

export async function pickCheckpoint(run: FollowedRun): Promise<CheckpointNode | undefined> {
  const items = checkpointNodes(run).map((node): QuickPickItem & { node: CheckpointNode } => ({
    label: `${node.isBest ? '$(star-full)' : '$(git-commit)'} ${nodeLabel(node)}`,
    description: describeMetrics(node.checkpoint.metrics),
    node,
  }));
  if (items.length === 0) void window.showInformationMessage(messages.noCheckpoint);
  if (items.length < 2) return items[0]?.node;
  return (await window.showQuickPick(items, { placeHolder: messages.pickCheckpoint }))?.node;
}
