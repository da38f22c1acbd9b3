/** The files of a project: how many rows each has, how it was read and why, how many problems it has. */
import { LitElement, css, html, nothing } from 'lit';
import { customElement, property } from 'lit/decorators.js';
import type { ReportedFile } from '../../protocol';
import { formatCount } from '../format';
import { sharedStyles, tableStyles } from '../styles';
import { askReport } from './report-ask';
import { linkStyles, splitTints } from './report-styles';
import { formatProblems, formatTitles } from './report-words';

@customElement('temper-file-table')
export class FileTable extends LitElement {
  static override styles = [
    ...sharedStyles,
    tableStyles,
    splitTints,
    linkStyles,
    css`
      th,
      td {
        height: auto;
        padding: 6px 8px;
        vertical-align: top;
        white-space: normal;
      }
      tbody th {
        overflow-wrap: anywhere;
      }
      .name {
        font-size: 12px;
      }
      .reading {
        width: 45%;
      }
      summary {
        color: var(--temper-link);
        cursor: pointer;
        font-size: 12px;
        width: fit-content;
      }
      summary:focus-visible {
        outline: 1px solid var(--temper-focus);
        outline-offset: 2px;
      }
      ul {
        color: var(--temper-dim);
        font-size: 12px;
        margin: 2px 0 0;
        overflow-wrap: anywhere;
        padding-left: 16px;
      }
      @media (max-width: 600px) {
        th,
        td {
          padding: 5px 4px;
        }
        .reading {
          width: 34%;
        }
      }
    `,
  ];

  @property({ attribute: false }) files: readonly ReportedFile[] = [];

  override render() {
    return html`<section class="card" aria-labelledby="heading">
      <h2 id="heading">Files</h2>
      <table aria-labelledby="heading">
        <thead>
          <tr>
            <th scope="col">file</th>
            <th scope="col" class="number">rows</th>
            <th scope="col" class="reading">read as</th>
            <th scope="col">problems</th>
          </tr>
        </thead>
        <tbody>
          ${this.files.map((file) => this.renderFile(file))}
        </tbody>
      </table>
    </section>`;
  }

  private renderFile(file: ReportedFile) {
    const { split, rows, problems, suppressed } = file;
    return html`<tr>
      <th scope="row"><i class="swatch ${split}"></i>${split}<br />${this.renderName(file)}</th>
      <td class="number">${formatCount(rows)}</td>
      <td>${renderReading(file)}</td>
      <td>
        ${formatProblems(problems) || html`<span class="dim">none</span>`}
        ${suppressed > 0 ? html`<br /><span class="dim">${formatCount(suppressed)} hidden</span>` : nothing}
      </td>
    </tr>`;
  }

  private renderName({ file, name, isText }: ReportedFile) {
    if (!isText) return html`<span class="name dim">${name}</span>`;
    return html`<button
      class="quiet name"
      @click=${() => {
        askReport(this, { kind: 'open', file });
      }}
    >
      ${name}
    </button>`;
  }
}

/** The encoding is told where it is not the usual one. */
function renderReading({ reading, split }: ReportedFile) {
  if (reading === undefined) return html`<span class="dim">nothing tells how to read it</span>`;
  const { format, encoding, shape, reasons } = reading;
  const parts = [formatTitles[format], encoding === 'utf-8' ? '' : `in ${encoding}`, shape === undefined ? '' : `: ${shape}`];
  const words = parts
    .filter((part) => part !== '')
    .join(' ')
    .replace(' :', ':');
  if (reasons.length === 0) return words;
  return html`${words}
    <details>
      <summary aria-label="Why ${split} is read so">Why?</summary>
      <ul>
        ${reasons.map((reason) => html`<li>${reason}</li>`)}
      </ul>
    </details>`;
}

declare global {
  interface HTMLElementTagNameMap {
    'temper-file-table': FileTable;
  }
}
