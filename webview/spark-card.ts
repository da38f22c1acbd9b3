/** One number of the newest step with the small curve it comes from. */
import { LitElement, css, html } from 'lit';
import { customElement, property } from 'lit/decorators.js';
import { FrameTask } from './frame-task';
import { missing } from './format';
import { Series, type SeriesColumn } from './series';
import { sharedStyles } from './styles';
import { isHighContrast, watchTheme } from './theme-watch';

@customElement('temper-spark-card')
export class SparkCard extends LitElement {
  static override styles = [
    ...sharedStyles,
    css`
      .value {
        font-size: 15px;
        font-variant-numeric: tabular-nums;
        margin-top: 2px;
      }
      canvas {
        display: block;
        height: 34px;
        margin-top: 4px;
        width: 100%;
      }
    `,
  ];

  @property() heading = '';
  /** A name of tints.ts without its prefix. */
  @property() tint = 'info';
  @property({ attribute: false }) series = new Series();
  @property({ attribute: false }) format: (value: number) => string = String;
  /** Counts up when the series has grown, which is the same object. */
  @property({ attribute: false }) revision = 0;

  private readonly frame = new FrameTask(() => {
    this.draw();
  });
  private readonly resizes = new ResizeObserver(() => {
    this.frame.request();
  });
  private unwatchTheme: (() => void) | undefined;

  override connectedCallback(): void {
    super.connectedCallback();
    this.unwatchTheme = watchTheme(() => {
      this.frame.request();
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
    const { newest } = this.series;
    return html`<section class="card" aria-labelledby="heading">
      <h2 id="heading">${this.heading}</h2>
      <div class="value">${newest ? this.format(newest.last) : missing}</div>
      <canvas role="img" aria-label=${this.describe()}></canvas>
    </section>`;
  }

  private describe(): string {
    const { range, newest } = this.series;
    if (range === undefined || newest === undefined) return `${this.heading}: nothing yet`;
    return `${this.heading}: between ${this.format(range.min)} and ${this.format(range.max)}`;
  }

  private draw(): void {
    const canvas = this.renderRoot.querySelector('canvas');
    const context = canvas?.getContext('2d');
    if (!canvas || !context) return;
    const { clientWidth: width, clientHeight: height } = canvas;
    canvas.width = Math.round(width * devicePixelRatio);
    canvas.height = Math.round(height * devicePixelRatio);
    context.scale(devicePixelRatio, devicePixelRatio);
    context.strokeStyle = getComputedStyle(this).getPropertyValue(`--temper-${this.tint}`).trim();
    const { newest, range } = this.series;
    const first = this.series.at(0);
    if (first && newest && range) paintSpark(context, this.series.columns(first.x, newest.x, width), sparkHeight(range, height));
  }
}

/** All values faintly, the smoothed line over them; in high contrast only the line. */
function paintSpark(context: CanvasRenderingContext2D, columns: readonly SeriesColumn[], toY: (value: number) => number): void {
  context.lineJoin = 'round';
  if (!isHighContrast()) {
    context.globalAlpha = 0.35;
    trace(
      context,
      columns.flatMap(({ pixel, min, max }) => [[pixel, toY(max)] as const, [pixel, toY(min)] as const]),
    );
    context.globalAlpha = 1;
  }
  context.lineWidth = 1.5;
  trace(
    context,
    columns.map(({ pixel, smooth }) => [pixel, toY(smooth)] as const),
  );
}

/** From zero to a little above the highest value; all of it below the top of the canvas. */
function sparkHeight({ max }: { max: number }, height: number): (value: number) => number {
  const top = max > 0 ? max * 1.08 : 1;
  return (value) => 2 + (1 - value / top) * (height - 4);
}

function trace(context: CanvasRenderingContext2D, pixels: readonly (readonly [number, number])[]): void {
  context.beginPath();
  for (const [x, y] of pixels) context.lineTo(x, y);
  context.stroke();
}
