/** Says once how a run ended that was seen running in this window, unless its panel is in view and says so itself. */
import { window } from 'vscode';
import type { App } from './app';
import { describePhase, describeBest } from './experiments/describe-run';
import type { FollowedRun } from './experiments/followed-run';
import { formatRunError, messages } from './messages';
import { Owner } from './owner';

export class RunEndNotices extends Owner {
  private readonly app: App;
  private readonly seenRunning = new Set<string>();

  constructor(app: App) {
    super();
    this.app = app;
    this.own(app.experiments.changed.on(() => this.look()));
  }

  private look(): void {
    for (const run of this.app.experiments.runs()) {
      if (run.isActive) this.seenRunning.add(run.dir);
      else if (this.seenRunning.delete(run.dir)) void this.tell(run);
    }
  }

  private async tell(run: FollowedRun): Promise<void> {
    if (this.app.panels.isVisible(run.dir)) return;
    const isBad = run.state.phase.kind === 'lost' || describeError(run) !== undefined;
    const show = isBad ? window.showErrorMessage : window.showInformationMessage;
    const chosen = await show(describeEnd(run), messages.openRun);
    if (chosen !== undefined) this.app.panels.show(run.dir, run.name);
  }
}

function describeEnd(run: FollowedRun): string {
  const { phase } = run.state;
  if (phase.kind === 'lost') return messages.runLost(run.name);
  const parts = [describePhase(phase), describeError(run) ?? describeBest(run.state)];
  return messages.runEnded(run.name, parts.filter((part) => part !== undefined).join(': '));
}

function describeError({ state: { phase } }: FollowedRun): string | undefined {
  return phase.kind === 'ended' && phase.error !== undefined ? formatRunError(phase.error) : undefined;
}
