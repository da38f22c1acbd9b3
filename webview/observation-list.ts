/** What Temper sees, in words: one card with a line for each observation, coloured by the most urgent one. */
import { LitElement, css, html, nothing } from 'lit';
import { customElement, property } from 'lit/decorators.js';
import { ask } from './ask';
import type { Observation, ObservationTone } from './observations';
import { sharedStyles } from './styles';

@customElement('temper-observation-list')
export class ObservationList extends LitElement {
  static override styles = [
    ...sharedStyles,
    css`
      ul {
        background: var(--temper-surface);
        border-left: 3px solid var(--tone);
        display: grid;
        gap: 6px 8px;
        list-style: none;
        margin: 0;
        padding: 8px 12px;
      }
      li {
        align-items: baseline;
        display: grid;
        gap: 8px;
        grid-template-columns: 16px 1fr auto;
        overflow-wrap: anywhere;
      }
      .icon,
      ul {
        --tone: var(--temper-info);
      }
      .error {
        --tone: var(--temper-error);
      }
      .warning {
        --tone: var(--temper-warning);
      }
      .good {
        --tone: var(--temper-good);
      }
      .icon {
        color: color-mix(in srgb, var(--tone) 75%, var(--temper-foreground));
        text-align: center;
      }
      b {
        font-weight: 600;
      }
    `,
  ];

  @property({ attribute: false }) observations: readonly Observation[] = [];

  override render() {
    const [first] = this.observations;
    if (first === undefined) return nothing;
    return html`<ul class=${first.tone} aria-label="What Temper sees" aria-live="polite">
      ${this.observations.map((observation) => this.renderOne(observation))}
    </ul>`;
  }

  private renderOne({ tone, lead, rest, action }: Observation) {
    return html`<li>
      <span class="icon ${tone}" role="img" aria-label=${toneNames[tone]}>${icons[tone]}</span>
      <span>${lead === '' ? nothing : html`<b>${lead}</b>`}${rest}</span>
      ${
        action
          ? html`<button
              class="quiet"
              @click=${() => {
                ask(this, action.message);
              }}
            >
              ${action.title}
            </button>`
          : nothing
      }
    </li>`;
  }
}

/** The shape says what the colour says. */
const icons: Readonly<Record<ObservationTone, string>> = { error: '✕', warning: '⚠', good: '✓', info: '◇' };
const toneNames: Readonly<Record<ObservationTone, string>> = { error: 'Error', warning: 'Warning', good: 'Good', info: 'Note' };
