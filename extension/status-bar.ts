/** One item, at the left: how far the newest running run is. Nothing when nothing runs. */
import { StatusBarAlignment, window, type StatusBarItem } from 'vscode';
import { describeBest, describeRun, progressOf } from './experiments/describe-run';
import type { Experiments } from './experiments/experiments';
import type { FollowedRun } from './experiments/followed-run';
import { Owner } from './owner';

export class StatusBar extends Owner {
  readonly item: StatusBarItem;
  private readonly experiments: Experiments;

  constructor(experiments: Experiments) {
    super();
    this.experiments = experiments;
    this.item = this.own(window.createStatusBarItem('temper.status', StatusBarAlignment.Left, 10));
    this.item.name = 'Temper: Run';
    this.own(experiments.changed.on(() => this.show()));
  }

  private show(): void {
    const [run, ...others] = this.experiments.runs().filter(({ isActive }) => isActive);
    if (run === undefined) return this.item.hide();
    const text = describeProgress(run);
    this.item.text = `$(loading~spin) ${text}${others.length > 0 ? ` (+${others.length})` : ''}`;
    this.item.tooltip = [run, ...others].map(({ name, state }) => `${name}: ${describeRun(state)}`).join('\n');
    this.item.accessibilityInformation = { label: `Temper, ${run.name}, ${text}`, role: 'button' };
    this.item.command = { command: 'temper.openRun', title: 'Open Run', arguments: [{ runDir: run.dir }] };
    this.item.show();
  }
}

/** `62 % · acc 0.873`, or what is being done while there are no steps. */
function describeProgress({ state }: FollowedRun): string {
  const progress = state.lastStep === undefined ? undefined : progressOf(state);
  if (progress === undefined) return describeRun(state);
  const percent = `${Math.floor(100 * progress)} %`;
  return [percent, describeBest(state)].filter((part) => part !== undefined).join(' · ');
}
