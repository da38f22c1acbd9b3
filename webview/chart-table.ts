/** The table's twin of a chart, newest first: for screen readers, for copying, for whoever prefers numbers. */
import { LitElement, css, html } from 'lit';
import { customElement, property } from 'lit/decorators.js';
import { emptyChart, tableOf, type ChartModel, type Readout } from './chart-model';
import { formatCount, missing } from './format';
import { sharedStyles, tableStyles } from './styles';

@customElement('temper-chart-table')
export class ChartTable extends LitElement {
  static override styles = [
    ...sharedStyles,
    tableStyles,
    css`
      .scroll {
        max-height: 250px;
        overflow-y: auto;
      }
      thead th {
        background: var(--temper-surface);
        position: sticky;
        top: 0;
      }
    `,
  ];

  @property({ attribute: false }) model: ChartModel = emptyChart;
  /** What the table is of, for those who cannot see where it stands. */
  @property() caption = '';
  /** Counts up when the series behind the model have grown: the model is then the same object. */
  @property({ attribute: false }) revision = 0;

  override render() {
    const layers = this.model.layers.filter(({ kind }) => kind !== 'level');
    return html`<div class="scroll" tabindex="0" role="region" aria-label=${this.caption}>
      <table aria-label=${this.caption}>
        <thead>
          <tr>
            <th scope="col">step</th>
            ${layers.map(({ title }) => html`<th scope="col" class="number">${title}</th>`)}
          </tr>
        </thead>
        <tbody>
          ${tableOf(this.model).map((row) =>
            renderRow(
              row,
              layers.map(({ title }) => title),
            ),
          )}
        </tbody>
      </table>
    </div>`;
  }
}

function renderRow({ x, lines }: Readout, titles: readonly string[]) {
  const cells = titles.map((title) => lines.find((line) => line.title === title)?.value ?? missing);
  return html`<tr>
    <th scope="row">${formatCount(x)}</th>
    ${cells.map((cell) => html`<td class="number">${cell}</td>`)}
  </tr>`;
}
