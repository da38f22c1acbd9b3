/** The names of a chart's layers, each with a piece of its line: colour, dash and marker as on the canvas. */
import { LitElement, css, html, nothing, svg } from 'lit';
import { customElement, property } from 'lit/decorators.js';
import type { ChartLayer } from './chart-model';
import { sharedStyles } from './styles';

@customElement('temper-chart-legend')
export class ChartLegend extends LitElement {
  static override styles = [
    ...sharedStyles,
    css`
      .row {
        font-size: 12px;
        gap: 2px 14px;
      }
      .entry {
        align-items: center;
        display: inline-flex;
        gap: 5px;
      }
      svg {
        height: 8px;
        width: 18px;
      }
      .train {
        color: var(--temper-train);
      }
      .validation {
        color: var(--temper-validation);
      }
      .metric {
        color: var(--temper-metric);
      }
      .level {
        color: var(--temper-level);
      }
      line {
        stroke: currentcolor;
        stroke-width: 1.75;
      }
      .dashed line {
        stroke-dasharray: 4 3;
        stroke-width: 1;
      }
      :host-context(body.vscode-high-contrast) .points line,
      :host-context(body.vscode-high-contrast-light) .points line {
        stroke-dasharray: 7 3;
      }
      rect,
      circle {
        fill: currentcolor;
      }
    `,
  ];

  @property({ attribute: false }) layers: readonly ChartLayer[] = [];

  override render() {
    return html`<div class="row">
      ${this.layers.map((layer) => html`<span class="entry">${swatch(layer)}${titleOf(layer)}</span>`)}
    </div>`;
  }
}

function titleOf(layer: ChartLayer): string {
  const withInterval = layer.kind === 'points' && layer.points.some(({ interval }) => interval !== undefined);
  return withInterval ? `${layer.title}, 95 %` : layer.title;
}

function swatch(layer: ChartLayer) {
  const classes = `${layer.tint} ${layer.kind === 'level' ? 'dashed' : layer.kind}`;
  return html`<svg class=${classes} viewBox="0 0 18 8" aria-hidden="true">
    <line x1="0" y1="4" x2="18" y2="4"></line>
    ${layer.kind === 'points' ? marker(layer.marker) : nothing}
  </svg>`;
}

function marker(shape: 'square' | 'disc') {
  return shape === 'square'
    ? svg`<rect x="6.5" y="1.5" width="5" height="5"></rect>`
    : svg`<circle cx="9" cy="4" r="3"></circle>`;
}
