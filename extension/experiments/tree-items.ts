/** How each node of the Experiments tree looks. */
import { MarkdownString, ThemeColor, ThemeIcon, TreeItem, TreeItemCollapsibleState, Uri } from 'vscode';
import { isEnded, type EndState, type RunPhase } from '../../protocol';
import { formatMethod } from '../panel/run-header';
import { describeMetrics, describeRun, formatBytes } from './describe-run';
import type { FollowedRun } from './followed-run';
import { nodeId, nodeLabel } from './nodes';
import type { CheckpointNode, EvaluationNode, ExperimentNode, RunNode } from './nodes';

const { None, Collapsed, Expanded } = TreeItemCollapsibleState;

export function createTreeItem(node: ExperimentNode): TreeItem {
  const item = new TreeItem(nodeLabel(node));
  item.id = nodeId(node);
  switch (node.kind) {
    case 'project':
      return Object.assign(item, {
        collapsibleState: Expanded,
        contextValue: 'project',
        iconPath: ThemeIcon.Folder,
        tooltip: node.projectDir,
      });
    case 'run':
      return showRun(item, node);
    case 'checkpoint':
      return showCheckpoint(item, node);
    case 'evaluation':
      return showEvaluation(item, node);
    default:
      return node satisfies never;
  }
}

function showRun(item: TreeItem, node: RunNode): TreeItem {
  const { run } = node;
  const description = run.broken === undefined ? describeRun(run.state) : 'cannot be read';
  return Object.assign(item, {
    description,
    iconPath:
      run.broken === undefined ? phaseIcon(run.state.phase) : new ThemeIcon('error', new ThemeColor('list.errorForeground')),
    collapsibleState: foldOf(run),
    contextValue: isEnded(run.state.phase) ? 'run:ended' : 'run:active',
    tooltip: runTooltip(run),
    accessibilityInformation: { label: `${nodeLabel(node)}, ${description}` },
    command: { command: 'temper.openRun', title: 'Open Run', arguments: [node] },
  });
}

/** Open from the start while it runs: an item that first had nothing to fold stays folded when something comes. */
function foldOf({ wasSeenActive, state }: FollowedRun): TreeItemCollapsibleState {
  if (wasSeenActive) return Expanded;
  return state.checkpoints.length > 0 ? Collapsed : None;
}

function showCheckpoint(item: TreeItem, node: CheckpointNode): TreeItem {
  const { checkpoint, isBest } = node;
  const description = [describeMetrics(checkpoint.metrics), formatBytes(checkpoint.bytes)].filter(Boolean).join(' · ');
  return Object.assign(item, {
    description,
    iconPath: isBest ? new ThemeIcon('star-full', new ThemeColor('charts.yellow')) : new ThemeIcon('git-commit'),
    collapsibleState: node.isEvaluated ? Collapsed : None,
    contextValue: isBest ? 'checkpoint:best' : 'checkpoint',
    tooltip: isBest ? 'The best checkpoint so far' : 'A checkpoint',
    accessibilityInformation: { label: `Checkpoint at step ${node.step}${isBest ? ', the best' : ''}, ${description}` },
  });
}

function showEvaluation(item: TreeItem, node: EvaluationNode): TreeItem {
  const open = node.path === undefined ? undefined : { command: 'vscode.open', title: 'Open', arguments: [Uri.file(node.path)] };
  return Object.assign(item, {
    description: `${describeMetrics(node.metrics)} · ${node.rows.toLocaleString('en-US')} rows`,
    iconPath: new ThemeIcon('beaker'),
    collapsibleState: None,
    contextValue: 'evaluation',
    tooltip: node.path === undefined ? 'Measured by the run itself' : 'Measured on request; open it for every row',
    command: open,
  });
}

function phaseIcon(phase: RunPhase): ThemeIcon {
  switch (phase.kind) {
    case 'starting':
    case 'working':
    case 'training':
      return new ThemeIcon('loading~spin', new ThemeColor('charts.blue'));
    case 'paused':
      return new ThemeIcon('debug-pause', new ThemeColor('charts.yellow'));
    case 'stopping':
      return new ThemeIcon('sync~spin', new ThemeColor('charts.yellow'));
    case 'ended':
      return endIcons[phase.state];
    case 'lost':
      return new ThemeIcon('debug-disconnect', new ThemeColor('list.warningForeground'));
    default:
      return phase satisfies never;
  }
}

const passed = new ThemeColor('testing.iconPassed');
const failed = new ThemeColor('list.errorForeground');
const endIcons: Record<EndState, ThemeIcon> = {
  completed: new ThemeIcon('pass-filled', passed),
  'early-stopped': new ThemeIcon('pass', passed),
  stopped: new ThemeIcon('debug-stop'),
  'out-of-memory': new ThemeIcon('error', failed),
  diverged: new ThemeIcon('error', failed),
  failed: new ThemeIcon('error', failed),
};

function runTooltip(run: FollowedRun): MarkdownString {
  const tooltip = new MarkdownString(undefined, true);
  tooltip.appendMarkdown('**').appendText(run.name).appendMarkdown('**\n\n');
  for (const line of tooltipLines(run)) tooltip.appendText(line).appendMarkdown('\n\n');
  return tooltip;
}

/** Plain text: names and errors come from files. */
function tooltipLines({ record, state, broken, id }: FollowedRun): string[] {
  const { phase } = state;
  const lines = [`${id}: ${describeRun(state)}`];
  if (broken !== undefined) lines.push(`run.json cannot be used: ${broken}`);
  if (record) lines.push(`${record.config.model}, ${formatMethod(record.config.method)}`);
  if (record) lines.push(`Started ${new Date(record.createdAtMs).toLocaleString()}`);
  if (phase.kind === 'ended') lines.push(phase.error === undefined ? phase.reason : `${phase.error.message} ${phase.error.hint}`);
  return lines;
}
