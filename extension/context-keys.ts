/** What menus and welcome texts in package.json ask about: kept true here. */
import { commands } from 'vscode';
import type { Experiments } from './experiments/experiments';
import { Owner } from './owner';

export class ContextKeys extends Owner {
  private readonly experiments: Experiments;
  private readonly known = new Map<string, boolean>();

  constructor(experiments: Experiments) {
    super();
    this.experiments = experiments;
    this.own(experiments.changed.on(() => this.update()));
  }

  /** Before the first search is over, nobody can say that there is no project. */
  markReady(): void {
    this.set('temper.isReady', true);
    this.update();
  }

  private update(): void {
    const runs = this.experiments.runs();
    this.set('temper.hasProject', this.experiments.projectDirs.length > 0);
    this.set('temper.hasRuns', runs.length > 0);
    this.set(
      'temper.hasCheckpoints',
      runs.some(({ state }) => state.checkpoints.length > 0),
    );
    this.set(
      'temper.isRunning',
      runs.some(({ isActive }) => isActive),
    );
  }

  private set(name: string, value: boolean): void {
    if (this.known.get(name) === value) return;
    this.known.set(name, value);
    void commands.executeCommand('setContext', name, value);
  }
}
