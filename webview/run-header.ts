/** The panel's first line: which run, how it is, and what can be asked of it now. */
import { LitElement, css, html } from 'lit';
import { customElement, property } from 'lit/decorators.js';
import type { RunHeader, RunState } from '../protocol';
import { initialRunState } from '../protocol/run-state';
import { ask } from './ask';
import { buttonsOf, describePhase, type PhaseButton } from './phases';
import { sharedStyles } from './styles';

@customElement('temper-run-header')
export class RunHeaderElement extends LitElement {
  static override styles = [
    ...sharedStyles,
    css`
      h1 {
        font-size: 17px;
        font-weight: 600;
        margin: 0;
        overflow-wrap: anywhere;
      }
      .pill {
        align-items: center;
        border: 1px solid var(--temper-line);
        border-radius: 10px;
        display: inline-flex;
        font-size: 12px;
        gap: 6px;
        padding: 1px 9px;
      }
      .dot {
        background: var(--temper-info);
        border-radius: 50%;
        height: 7px;
        width: 7px;
      }
      .calm .dot {
        background: var(--temper-dim);
      }
      .good .dot {
        background: var(--temper-good);
      }
      .bad .dot {
        background: var(--temper-error);
        border-radius: 0;
      }
      .busy .dot {
        animation: breathe 2s ease-in-out infinite;
      }
      @keyframes breathe {
        50% {
          opacity: 0.35;
        }
      }
      /* VS Code gives secondary buttons no background there, and the toolkit's own is grey. */
      :host-context(body.vscode-high-contrast) vscode-button[appearance='secondary'] {
        background: var(--vscode-button-secondaryBackground, var(--vscode-button-background));
      }
      .buttons {
        display: flex;
        flex-wrap: wrap;
        gap: 8px;
      }
      @media (prefers-reduced-motion: reduce) {
        .busy .dot {
          animation: none;
        }
      }
      @media (max-width: 480px) {
        .grow {
          flex-basis: 100%;
        }
      }
    `,
  ];

  @property({ attribute: false }) header: RunHeader | undefined;
  @property({ attribute: false }) run: RunState = initialRunState;

  override render() {
    const { title, tone } = describePhase(this.run);
    return html`<div class="row">
      <h1>${this.header && titleOf(this.header)}</h1>
      <span class="pill ${tone}" role="status"><i class="dot"></i>${title}</span>
      <span class="grow"></span>
      <span class="buttons">${buttonsOf(this.run).map((button) => this.renderButton(button))}</span>
    </div>`;
  }

  private renderButton({ title, message, primary }: PhaseButton) {
    return html`<vscode-button
      appearance=${primary ? 'primary' : 'secondary'}
      @click=${() => {
        ask(this, message);
      }}
      >${title}</vscode-button
    >`;
  }
}

/** The method is told, unless the name tells it already. */
function titleOf({ name, method }: RunHeader): string {
  return name.includes(method) ? name : `${name} · ${method}`;
}
