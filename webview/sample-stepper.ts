/** Walks through the evaluations at which the model was asked: two buttons, and between them a spin button for the keys. */
import { LitElement, css, html, nothing } from 'lit';
import { customElement, property } from 'lit/decorators.js';
import { formatCount } from './format';
import { sharedStyles } from './styles';

/** Somebody went to the step in `detail`. */
export const stepEvent = 'temper-step';

@customElement('temper-sample-stepper')
export class SampleStepper extends LitElement {
  static override styles = [
    ...sharedStyles,
    css`
      .row {
        flex-wrap: nowrap;
        gap: 4px;
      }
      .quiet {
        border: 1px solid var(--temper-line);
        line-height: 1.2;
        padding: 1px 8px;
      }
      .quiet:hover {
        text-decoration: none;
      }
      [role='spinbutton'] {
        border-radius: 2px;
        font-variant-numeric: tabular-nums;
        min-width: 9em;
        padding: 0 6px;
        text-align: center;
      }
      .place {
        margin-left: 6px;
      }
    `,
  ];

  /** Ascending. */
  @property({ attribute: false }) steps: readonly number[] = [];
  /** One of them. */
  @property({ attribute: false }) step = 0;
  /** The step of the best checkpoint. */
  @property({ attribute: false }) best: number | undefined;

  override render() {
    const index = this.steps.indexOf(this.step);
    const last = this.steps.length - 1;
    return html`<div class="row" @keydown=${this.onKey}>
      ${this.renderButton('‹', 'Earlier answers', index - 1)}
      <span
        role="spinbutton"
        tabindex="0"
        aria-label="Answers at"
        aria-valuemin=${this.steps[0] ?? 0}
        aria-valuemax=${this.steps[last] ?? 0}
        aria-valuenow=${this.step}
        aria-valuetext=${this.describe(index)}
        >${this.step === this.best ? '★ ' : nothing}step ${formatCount(this.step)}
        <span class="dim place">${index + 1} of ${last + 1}</span></span
      >
      ${this.renderButton('›', 'Later answers', index + 1)}
    </div>`;
  }

  /** Not in the order of tabs: the keys do the same. */
  private renderButton(sign: string, label: string, target: number) {
    return html`<button
      class="quiet"
      tabindex="-1"
      aria-label=${label}
      ?disabled=${this.steps[target] === undefined}
      @click=${() => {
        this.go(target);
      }}
    >
      ${sign}
    </button>`;
  }

  private describe(index: number): string {
    const best = this.step === this.best ? ', the best' : '';
    const newest = index === this.steps.length - 1 ? ', the newest' : '';
    return `step ${formatCount(this.step)}${best}${newest}, ${index + 1} of ${this.steps.length}`;
  }

  private readonly onKey = (event: KeyboardEvent): void => {
    const target = targetOf(event.key, this.steps.indexOf(this.step), this.steps.length - 1);
    if (target === undefined) return;
    event.preventDefault();
    this.go(target);
  };

  /** A button that was pressed may be disabled next: the focus goes where all keys work. */
  private go(index: number): void {
    this.renderRoot.querySelector<HTMLElement>('[role=spinbutton]')?.focus();
    const step = this.steps[index];
    if (step === undefined || step === this.step) return;
    this.dispatchEvent(new CustomEvent(stepEvent, { detail: step }));
  }
}

function targetOf(key: string, index: number, last: number): number | undefined {
  switch (key) {
    case 'ArrowLeft':
    case 'ArrowDown':
      return Math.max(0, index - 1);
    case 'ArrowRight':
    case 'ArrowUp':
      return Math.min(last, index + 1);
    case 'Home':
      return 0;
    case 'End':
      return last;
    default:
      return undefined;
  }
}

declare global {
  interface HTMLElementTagNameMap {
    'temper-sample-stepper': SampleStepper;
  }
}
