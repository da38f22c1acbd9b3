/** The Experiments view: projects (when there are several), their runs, checkpoints and evaluations. Refreshes only what changed. */
import { EventEmitter, window, type TreeDataProvider, type TreeItem, type TreeView } from 'vscode';
import { Owner } from '../owner';
import type { Experiments, ExperimentsChange } from './experiments';
import type { FollowedRun } from './followed-run';
import { checkpointNodes, evaluationNodes, type ExperimentNode, type RunNode } from './nodes';
import { createTreeItem } from './tree-items';

export class ExperimentsTree extends Owner implements TreeDataProvider<ExperimentNode> {
  readonly view: TreeView<ExperimentNode>;
  private readonly experiments: Experiments;
  private readonly emitter = this.own(new EventEmitter<ExperimentNode | undefined>());
  /** The editor knows a run by this object: it must stay the same as long as the run is there. */
  private readonly runNodes = new WeakMap<FollowedRun, RunNode>();
  readonly onDidChangeTreeData = this.emitter.event;

  constructor(experiments: Experiments) {
    super();
    this.experiments = experiments;
    this.view = this.own(
      window.createTreeView<ExperimentNode>('temper.experiments', { treeDataProvider: this, showCollapseAll: true }),
    );
    this.own(experiments.changed.on((change) => this.show(change)));
  }

  getTreeItem(node: ExperimentNode): TreeItem {
    return createTreeItem(node);
  }

  getChildren(node?: ExperimentNode): ExperimentNode[] {
    if (node === undefined) return this.roots();
    switch (node.kind) {
      case 'project':
        return this.nodesOf(node.projectDir);
      case 'run':
        return checkpointNodes(node.run);
      case 'checkpoint':
        return this.evaluationsOf(node.runDir, node.step);
      case 'evaluation':
        return [];
      default:
        return node satisfies never;
    }
  }

  /** Nothing at all rather than empty projects: then the welcome text says what to do. */
  private roots(): ExperimentNode[] {
    const { projectDirs } = this.experiments;
    if (projectDirs.length < 2 || this.experiments.runs().length === 0) return this.nodesOf();
    return projectDirs.map((projectDir) => ({ kind: 'project', projectDir }));
  }

  private nodesOf(projectDir?: string): RunNode[] {
    return this.experiments.runs(projectDir).map((run) => this.nodeOf(run));
  }

  private nodeOf(run: FollowedRun): RunNode {
    const node = this.runNodes.get(run) ?? { kind: 'run', runDir: run.dir, run };
    this.runNodes.set(run, node);
    return node;
  }

  private evaluationsOf(runDir: string, step: number): ExperimentNode[] {
    const run = this.experiments.find(runDir);
    return run === undefined ? [] : evaluationNodes(run, step);
  }

  private show(change: ExperimentsChange): void {
    const running = this.experiments.runs().filter((run) => run.isActive).length;
    this.view.badge =
      running === 0
        ? undefined
        : { value: running, tooltip: running === 1 ? '1 run is training' : `${running} runs are training` };
    this.emitter.fire(change.kind === 'list' ? undefined : this.nodeOf(change.run));
  }
}
