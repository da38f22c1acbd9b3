/** How far the run is: a track with a tick at each epoch's end, and one line of numbers below. */
import { LitElement, css, html, nothing, svg } from 'lit';
import { customElement, property } from 'lit/decorators.js';
import type { RunState } from '../protocol';
import { initialRunState, isEnded } from '../protocol/run-state';
import { capitalize, formatBytes, formatCount, formatDuration, formatNumber } from './format';
import { sharedStyles } from './styles';
import { formatTimeLeft } from './time-left';

/** More ticks than this would be a comb. */
const mostTicks = 40;

@customElement('temper-run-progress')
export class RunProgress extends LitElement {
  static override styles = [
    ...sharedStyles,
    css`
      :host {
        margin: 10px 0 0;
      }
      svg {
        display: block;
        height: 12px;
        width: 100%;
      }
      .track {
        fill: var(--temper-grid);
      }
      /* There the grid and the progress bar have one colour: what is not done is hollow. */
      :host-context(body.vscode-high-contrast) .track,
      :host-context(body.vscode-high-contrast-light) .track {
        fill: var(--vscode-editor-background);
        stroke: var(--temper-grid);
      }
      .done {
        fill: var(--vscode-progressBar-background, var(--temper-info));
      }
      .tick {
        fill: var(--temper-dim);
      }
      .row {
        font-variant-numeric: tabular-nums;
      }
    `,
  ];

  @property({ attribute: false }) run: RunState = initialRunState;
  /** Milliseconds, undefined while unknown. */
  @property({ attribute: false }) msLeft: number | undefined;

  override render() {
    const fraction = progressOf(this.run);
    const percent = Math.round(fraction * 100);
    const facts = describePlace(this.run, this.msLeft);
    return html`<div
        role="progressbar"
        aria-label="Training progress"
        aria-valuemin="0"
        aria-valuemax="100"
        aria-valuenow=${percent}
        aria-valuetext=${facts.join(', ')}
      >
        <svg aria-hidden="true">
          <rect class="track" y="4" width="100%" height="4" rx="2"></rect>
          ${fraction > 0 ? svg`<rect class="done" y="4" width="${fraction * 100}%" height="4" rx="2"></rect>` : nothing}
          ${epochTicks(this.run).map((tick) => svg`<rect class="tick" x="${tick * 100}%" y="1" width="2" height="10"></rect>`)}
        </svg>
      </div>
      <div class="row dim">
        ${facts.map((fact) => html`<span>${fact}</span>`)}
        <span class="grow"></span>
        <span>${describeMachine(this.run).join(' · ')}</span>
      </div>`;
  }
}

/** Steps once there are any, else what the present activity has done. */
function progressOf({ plan, lastStep, phase }: RunState): number {
  if (plan && lastStep) return Math.min(1, lastStep.step / Math.max(1, plan.totalSteps));
  return phase.kind === 'working' && phase.total > 0 ? Math.min(1, phase.done / phase.total) : 0;
}

function epochTicks({ plan, lastStep }: RunState): number[] {
  if (plan === undefined || lastStep === undefined || plan.stepsPerEpoch <= 0) return [];
  const epochs = plan.totalSteps / plan.stepsPerEpoch;
  if (epochs > mostTicks) return [];
  return Array.from({ length: Math.ceil(epochs) - 1 }, (_, index) => (index + 1) / epochs);
}

function describePlace(run: RunState, msLeft: number | undefined): string[] {
  const { plan, lastStep, phase } = run;
  const place: string[] = [];
  if (plan && lastStep) {
    place.push(`step ${formatCount(lastStep.step)} of ${formatCount(plan.totalSteps)}`);
    place.push(`epoch ${lastStep.epoch.toFixed(2)} of ${formatNumber(plan.epochs)}`);
  }
  if (phase.kind === 'working') place.push(describeActivity(phase));
  const left = isEnded(phase) ? describeDuration(run) : formatTimeLeft(msLeft);
  return left === undefined ? place : [...place, left];
}

function describeActivity({ activity, done, total }: { activity: string; done: number; total: number }): string {
  return total > 0 ? `${capitalize(activity)}: ${formatCount(done)} of ${formatCount(total)}` : capitalize(activity);
}

function describeDuration({ startedAtMs, endedAtMs }: RunState): string | undefined {
  return startedAtMs === undefined || endedAtMs === undefined ? undefined : `took ${formatDuration(endedAtMs - startedAtMs)}`;
}

function describeMachine({ backend, lastStep }: RunState): string[] {
  const facts: string[] = [];
  if (backend) facts.push(`${backend.name}, ${backend.threads} ${backend.threads === 1 ? 'thread' : 'threads'}`);
  if (lastStep) facts.push(`${formatCount(lastStep.tokensPerSecond)} tokens/s`, formatBytes(lastStep.memoryBytes));
  return facts;
}
