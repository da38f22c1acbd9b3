import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import * as path from 'node:path';
import * as vscode from 'vscode';
import type { FollowedRun } from '../../../extension/experiments/followed-run';
import type { CheckpointNode, ExperimentNode } from '../../../extension/experiments/nodes';
import type { TemperApi } from '../../../extension/extension';
import type { MetricValues } from '../../../protocol';
import { createSmallProject, rowsFor } from '../small-project';
import { waitFor } from '../wait-until';
import { activate, inFolder } from './temper';

const trainingMs = 120_000;

describe('fine-tuning from the editor', function () {
  this.timeout(trainingMs + 60_000);
  let temper: TemperApi;
  const made: string[] = [];

  before(async () => {
    temper = await activate();
  });
  after(async () => {
    await vscode.commands.executeCommand('workbench.action.closeAllEditors');
    for (const dir of made) fs.rmSync(dir, { recursive: true, force: true });
    await waitFor('the projects are forgotten', () => temper.experiments.projectDirs.length === 0);
  });

  async function project(name: string, options?: Parameters<typeof createSmallProject>[1]): Promise<string> {
    const dir = createSmallProject(inFolder(name), options);
    made.push(dir);
    await waitFor('the project is found', () => temper.experiments.projectDirs.includes(dir));
    return dir;
  }

  async function start(projectDir: string): Promise<FollowedRun> {
    const runDir = await vscode.commands.executeCommand('temper.startFineTune', { projectDir });
    assert.equal(typeof runDir, 'string');
    return temper.experiments.find(String(runDir)) ?? assert.fail('the run is not in the experiments');
  }

  const children = (node?: ExperimentNode) => temper.tree.getChildren(node);
  /** Below its project when there are several, at the top when there is one. */
  const nodeOf = (run: FollowedRun) => {
    const roots = children();
    const all = [...roots, ...roots.flatMap((root) => (root.kind === 'project' ? children(root) : []))];
    return all.find((node) => node.kind === 'run' && node.run === run) ?? assert.fail('the run is not in the tree');
  };
  const phaseOf = (run: FollowedRun) => (run.state.phase.kind === 'ended' ? run.state.phase.state : run.state.phase.kind);
  const ended = (run: FollowedRun) => waitFor('the run ends', () => run.state.phase.kind === 'ended', trainingMs);

  describe('a run to its end', () => {
    let run: FollowedRun;
    const seenInStatusBar = new Set<string>();

    before(() => temper.experiments.changed.on(() => seenInStatusBar.add(temper.statusBar.item.text)));

    it('is a process of its own, not a child that the host waits for', async () => {
      run = await start(await project('reviews'));
      const pid = run.record?.process.pid ?? 0;
      assert.notEqual(pid, process.pid);
      assert.equal(process.kill(pid, 0), true);
      assert.equal(run.isActive, true);
    });

    it('opens the panel', async () => {
      await waitFor('a webview tab', () =>
        vscode.window.tabGroups.all.flatMap(({ tabs }) => tabs).some(({ input }) => input instanceof vscode.TabInputWebview),
      );
    });

    it('shows in the status bar while it trains', async () => {
      await ended(run);
      assert.ok(
        [...seenInStatusBar].some((text) => /^\$\(loading~spin\) \d+ %( · acc 0\.\d{3})?$/.test(text)),
        [...seenInStatusBar].join('\n'),
      );
    });

    it('ends completed, its loss smaller than at the start', () => {
      assert.equal(phaseOf(run), 'completed');
      const losses = fs
        .readFileSync(path.join(run.dir, 'events.ndjson'), 'utf8')
        .split('\n')
        .filter((line) => line.includes('"kind":"step"'))
        .map((line) => (JSON.parse(line) as { loss: number }).loss);
      assert.equal(losses.length, 12);
      const mean = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
      assert.ok(mean(losses.slice(-3)) < mean(losses.slice(0, 3)), losses.join(' '));
    });

    it('has its checkpoint in the tree, the best one marked', () => {
      const checkpoints = children(nodeOf(run));
      assert.ok(checkpoints.length >= 1);
      const best = checkpoints.filter((found) => found.kind === 'checkpoint' && found.isBest);
      assert.equal(best.length, 1);
      const item = temper.tree.getTreeItem(best[0] ?? assert.fail());
      assert.equal(item.contextValue, 'checkpoint:best');
      assert.match(String(item.description), /acc [01]\.\d{3}.* · [\d.]+ [kM]B/);
    });

    it('evaluates a checkpoint on the test rows with one click, and shows the metrics in the tree', async () => {
      const node = bestOf(run);
      const metrics = await vscode.commands.executeCommand<MetricValues>('temper.evaluateAtOnce', node);
      assert.ok(metrics.accuracy !== undefined && metrics.accuracy >= 0 && metrics.accuracy <= 1, JSON.stringify(metrics));
      const shown = await waitFor('the evaluation is in the tree', () =>
        children(bestOf(run)).find((child) => child.kind === 'evaluation' && child.split === 'test' && child.path !== undefined),
      );
      assert.match(String(temper.tree.getTreeItem(shown).description), /^acc [01]\.\d{3} .* 8 rows$/);
    });

    it('evaluates on the split that is asked for', async () => {
      const metrics = await vscode.commands.executeCommand<MetricValues>('temper.evaluateCheckpoint', {
        ...bestOf(run),
        split: 'ood',
      });
      assert.equal(typeof metrics.loss, 'number');
      await waitFor('the evaluation is in the tree', () =>
        children(bestOf(run)).some((child) => child.kind === 'evaluation' && child.split === 'ood' && child.path !== undefined),
      );
    });

    it('opens its log', async () => {
      await vscode.commands.executeCommand('temper.openLog', nodeOf(run));
      const document = vscode.window.activeTextEditor?.document;
      assert.equal(document?.uri.fsPath, path.join(run.dir, 'log.txt'));
      assert.match(document.getText(), /"kind":"result"/);
    });

    const bestOf = (followed: FollowedRun): CheckpointNode => {
      const best = children(nodeOf(followed)).find((node) => node.kind === 'checkpoint' && node.isBest);
      return best?.kind === 'checkpoint' ? best : assert.fail('no best checkpoint');
    };
  });

  it('stops on request after saving what was learnt', async () => {
    const run = await start(await project('long', { training: { maxSteps: 100_000 }, evaluateEvery: 50_000 }));
    await waitFor('a few steps', () => (run.state.lastStep?.step ?? 0) >= 3, trainingMs);
    await vscode.commands.executeCommand('temper.deleteRun', run);
    assert.equal(fs.existsSync(run.dir), true, 'a running run was deleted');
    await vscode.commands.executeCommand('temper.stop', run);
    assert.equal(run.isActive, false);
    assert.equal(phaseOf(run), 'stopped');
    const [checkpoint] = run.state.checkpoints;
    assert.ok(checkpoint, 'no checkpoint was saved');
    assert.ok(fs.existsSync(path.join(run.dir, checkpoint.path, 'MANIFEST.json')));
    assert.ok((run.state.lastStep?.step ?? 0) <= checkpoint.step);
  });

  it('does not start on data that is wrong, and leaves no run behind', async () => {
    const dir = await project('wrong');
    fs.writeFileSync(path.join(dir, 'data', 'train.jsonl'), `${rowsFor('train')}{"text": "torn`);
    const runDir = await vscode.commands.executeCommand('temper.startFineTune', { projectDir: dir });
    assert.equal(runDir, undefined);
    assert.deepEqual(temper.experiments.runs(dir), []);
    assert.deepEqual(fs.readdirSync(path.join(dir, '.temper', 'runs')), []);
  });
});
