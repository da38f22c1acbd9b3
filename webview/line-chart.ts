/**
 * A chart in a card: legend, canvas, readout, summary and its twin as a table. The canvas is drawn at most once a frame
 * and only here; `redraw()` tells it that a series has grown. Left and Right walk the points, Page Up and Page Down the
 * measurements, Home and End go to the ends, Escape leaves.
 */
import { LitElement, html, nothing } from 'lit';
import { customElement, property, state } from 'lit/decorators.js';
import './chart-legend';
import './chart-table';
import './polite-summary';
import { emptyChart, formatReadout, isEmptyChart, readoutAt, stopsOf, type ChartModel, type Readout } from './chart-model';
import { paintChart, plotAreaOf } from './chart-painter';
import { pixelToX, xToPixel } from './chart-scale';
import { resolveColours } from './chart-colours';
import { walk } from './chart-walk';
import { FrameTask } from './frame-task';
import { chartStyles } from './line-chart-styles';
import { sharedStyles } from './styles';
import { watchTheme } from './theme-watch';

const fontSize = 11;

@customElement('temper-line-chart')
export class LineChart extends LitElement {
  static override styles = [...sharedStyles, chartStyles];

  /** The heading, and what screen readers call the chart. */
  @property() heading = '';
  @property() summary = '';
  /** Said where the curve will be. */
  @property() placeholder = '';
  @property({ attribute: false }) model: ChartModel = emptyChart;
  @property({ type: Boolean }) asTable = false;

  /** The step that is read out. */
  @state() private cursor: number | undefined;
  @state() private revision = 0;
  private readonly frame = new FrameTask(() => {
    this.draw();
  });
  private readonly resizes = new ResizeObserver(() => {
    this.redraw();
  });
  private unwatchTheme: (() => void) | undefined;

  /** Draws with the next frame. */
  redraw(): void {
    this.frame.request();
    if (this.asTable) this.revision += 1;
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.unwatchTheme = watchTheme(() => {
      this.redraw();
    });
    this.resizes.observe(this);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.unwatchTheme?.();
    this.resizes.disconnect();
    this.frame.cancel();
  }

  override updated(): void {
    this.frame.request();
  }

  override render() {
    return html`<section class="card" aria-labelledby="heading">
      <div class="row">
        <h2 id="heading">${this.heading}</h2>
        <temper-chart-legend .layers=${this.model.layers}></temper-chart-legend>
      </div>
      ${this.asTable ? this.renderTable() : this.renderPlot()}
      <div class="foot">
        <temper-polite-summary .text=${this.summary}></temper-polite-summary>
        ${isEmptyChart(this.model) ? nothing : this.renderToggle()}
      </div>
    </section>`;
  }

  private renderToggle() {
    return html`<button class="quiet toggle" @click=${this.toggle}>${this.asTable ? 'Show as chart' : 'Show as table'}</button>`;
  }

  private renderTable() {
    return html`<temper-chart-table
      .model=${this.model}
      .caption=${this.heading}
      .revision=${this.revision}
    ></temper-chart-table>`;
  }

  private renderPlot() {
    const readout = this.cursor === undefined ? undefined : readoutAt(this.model, this.cursor);
    return html`<div
      class="plot"
      role="slider"
      tabindex="0"
      aria-roledescription="chart"
      aria-label=${`${this.heading} by step`}
      aria-valuemin="0"
      aria-valuemax=${this.model.xMax}
      aria-valuenow=${this.cursor ?? this.model.xMax}
      aria-valuetext=${readout ? formatReadout(readout) : this.summary || this.placeholder}
      @keydown=${this.onKey}
      @pointermove=${this.onPointer}
      @pointerleave=${this.forget}
      @blur=${this.forget}
    >
      <canvas aria-hidden="true"></canvas>
      ${isEmptyChart(this.model) ? html`<p class="placeholder dim">${this.placeholder}</p>` : nothing}
      ${readout ? this.renderReadout(readout) : nothing}
    </div>`;
  }

  private renderReadout({ x, heading, lines }: Readout) {
    const side = x > this.model.xMax / 2 ? 'left' : 'right';
    return html`<div class="readout ${side}" aria-hidden="true">
      <b>${heading}</b>
      ${lines.map(({ title, tint, value }) => html`<div class=${tint}><i></i>${title} ${value}</div>`)}
    </div>`;
  }

  private readonly toggle = (): void => {
    this.asTable = !this.asTable;
    this.cursor = undefined;
    this.dispatchEvent(new CustomEvent('temper-as-table', { bubbles: true, composed: true }));
  };

  private readonly onKey = (event: KeyboardEvent): void => {
    const next = walk(this.model, this.cursor, event.key);
    if (next === 'unhandled') return;
    event.preventDefault();
    this.cursor = next;
  };

  private readonly onPointer = (event: PointerEvent): void => {
    const area = plotAreaOf(this.canvas?.clientWidth ?? 0, this.canvas?.clientHeight ?? 0);
    const pointed = pixelToX(area, this.model.xMax, event.offsetX);
    this.cursor = nearest(stopsOf(this.model), pointed);
  };

  private readonly forget = (): void => {
    this.cursor = undefined;
  };

  private get canvas(): HTMLCanvasElement | null {
    return this.renderRoot.querySelector('canvas');
  }

  private draw(): void {
    const { canvas } = this;
    const context = canvas?.getContext('2d');
    if (!canvas || !context) return;
    const { clientWidth: width, clientHeight: height } = canvas;
    canvas.width = Math.round(width * devicePixelRatio);
    canvas.height = Math.round(height * devicePixelRatio);
    context.scale(devicePixelRatio, devicePixelRatio);
    const area = plotAreaOf(width, height);
    paintChart({ context, model: this.model, colours: resolveColours(this, fontSize), area }, this.cursor);
    this.placeReadout(this.cursor === undefined ? 0 : xToPixel(area, this.model.xMax, this.cursor));
  }

  /** Through the style object: a style attribute would be refused by the page's content policy. */
  private placeReadout(x: number): void {
    const readout = this.renderRoot.querySelector<HTMLElement>('.readout');
    readout?.style.setProperty('--x', `${x}px`);
  }
}

function nearest(stops: readonly number[], x: number): number | undefined {
  let found: number | undefined;
  for (const stop of stops) if (found === undefined || Math.abs(stop - x) <= Math.abs(found - x)) found = stop;
  return found;
}

declare global {
  interface HTMLElementTagNameMap {
    'temper-line-chart': LineChart;
  }
}
