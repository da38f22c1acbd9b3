/** A sentence that is always up to date for the eye, and told to screen readers at most every ten seconds. */
import { LitElement, css, html } from 'lit';
import { customElement, property, state } from 'lit/decorators.js';
import { sharedStyles } from './styles';

const restMs = 10_000;

@customElement('temper-polite-summary')
export class PoliteSummary extends LitElement {
  static override styles = [
    ...sharedStyles,
    css`
      p {
        margin: 0;
        min-height: 1.45em;
      }
    `,
  ];

  @property() text = '';
  /** Milliseconds between two announcements. Default ten seconds. */
  @property({ attribute: false }) restMs = restMs;
  @state() private announced = '';
  private timer: number | undefined;

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    window.clearTimeout(this.timer);
    this.timer = undefined;
  }

  override updated(): void {
    if (this.timer === undefined && this.text !== this.announced) this.announce();
  }

  override render() {
    return html`<p class="dim">${this.text}</p>
      <div class="unseen" aria-live="polite">${this.announced}</div>`;
  }

  private announce(): void {
    this.timer = window.setTimeout(() => {
      this.timer = undefined;
      if (this.text !== this.announced) this.announce();
    }, this.restMs);
    this.announced = this.text;
  }
}
