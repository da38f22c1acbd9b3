/** A value with its 95 % interval on a line from 0 to 1: small enough for a table's cell. */
import { LitElement, css, html } from 'lit';
import { customElement, property } from 'lit/decorators.js';
import type { Interval } from '../protocol';
import { sharedStyles } from './styles';

@customElement('temper-interval-glyph')
export class IntervalGlyph extends LitElement {
  static override styles = [
    ...sharedStyles,
    css`
      :host {
        display: inline-block;
        margin-left: 8px;
        vertical-align: middle;
      }
      svg {
        display: block;
        height: 10px;
        width: 72px;
      }
      .scale {
        fill: var(--temper-grid);
      }
      .interval {
        fill: var(--temper-dim);
      }
      .value {
        fill: var(--temper-foreground);
      }
    `,
  ];

  @property({ attribute: false }) value = 0;
  @property({ attribute: false }) interval: Interval = { low: 0, high: 1 };

  /** The cell says the numbers; this only shows them. */
  override render() {
    const { low, high } = this.interval;
    return html`<svg viewBox="0 0 72 10" aria-hidden="true">
      <rect class="scale" x="0" y="4.5" width="72" height="1"></rect>
      <rect class="interval" x=${low * 72} y="3.5" width=${Math.max(1, (high - low) * 72)} height="3"></rect>
      <rect class="value" x=${Math.min(70, this.value * 72 - 1)} y="0" width="2" height="10"></rect>
    </svg>`;
  }
}
