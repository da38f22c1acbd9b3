/**
 * The whole report: <temper-dataset-report></temper-dataset-report>. It keeps the newest report that the host has sent,
 * lays out the parts, and passes on what they ask for.
 */
import { LitElement, css, html, nothing } from 'lit';
import { customElement, property, state } from 'lit/decorators.js';
import type { DatasetReport, HostToReport, ReportToHost } from '../../protocol';
import type { ReportHost } from '../host';
import '../observation-list';
import { panelStyles } from '../run-panel-styles';
import { sharedStyles } from '../styles';
import './file-table';
import './label-chart';
import './length-chart';
import './problem-list';
import { reportAskEvent } from './report-ask';

/** After this long without a report the page says so and offers to ask again. */
const patienceMs = 10_000;

type Shown = HostToReport | { readonly kind: 'loading' };

@customElement('temper-dataset-report')
export class DatasetReportElement extends LitElement {
  static override styles = [
    ...sharedStyles,
    panelStyles,
    css`
      h1 {
        font-size: 17px;
        font-weight: 600;
        margin: 0;
        overflow-wrap: anywhere;
      }
      .parts {
        align-items: start;
        display: grid;
        gap: 14px;
        grid-template-columns: repeat(auto-fit, minmax(min(100%, 440px), 1fr));
      }
      .column {
        display: grid;
        gap: 14px;
        grid-template-columns: minmax(0, 1fr);
      }
    `,
  ];

  /** The door to the editor; the report asks to be filled as soon as it has one. */
  @property({ attribute: false }) host: ReportHost | undefined;
  @state() private shown: Shown = { kind: 'loading' };
  @state() private slow = false;
  private patience: number | undefined;
  private stopListening: (() => void) | undefined;

  override connectedCallback(): void {
    super.connectedCallback();
    this.addEventListener(reportAskEvent, this.onAsk);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.removeEventListener(reportAskEvent, this.onAsk);
    this.stopListening?.();
    window.clearTimeout(this.patience);
  }

  override willUpdate(changed: Map<PropertyKey, unknown>): void {
    if (changed.has('host')) this.connectHost();
  }

  override render() {
    const { shown } = this;
    switch (shown.kind) {
      case 'loading':
        return this.renderLoading();
      case 'broken':
        return renderBroken(shown.message, shown.hint);
      case 'report':
        return renderReport(shown.report);
      default:
        return shown satisfies never;
    }
  }

  private renderLoading() {
    return html`<main class="waiting" aria-busy="true">
      <vscode-progress-ring aria-hidden="true"></vscode-progress-ring>
      <p role="status">${this.slow ? 'The data has not been read yet.' : 'Reading the data …'}</p>
      ${this.slow ? html`<vscode-button appearance="secondary" @click=${this.ask}>Ask Again</vscode-button>` : nothing}
    </main>`;
  }

  private connectHost(): void {
    this.stopListening?.();
    this.stopListening = this.host?.listen((message) => {
      this.receive(message);
    });
    if (this.host) this.ask();
  }

  private readonly ask = (): void => {
    this.host?.post({ kind: 'ready' });
    this.slow = false;
    window.clearTimeout(this.patience);
    this.patience = window.setTimeout(() => (this.slow = this.shown.kind === 'loading'), patienceMs);
  };

  private receive(message: HostToReport): void {
    this.shown = message;
    if (message.kind === 'report') this.host?.remember({ projectDir: message.report.projectDir });
  }

  private readonly onAsk = ({ detail }: CustomEvent<ReportToHost>): void => {
    this.host?.post(detail);
  };
}

function renderReport(report: DatasetReport) {
  const { sentences, labels, lengths, leaks, problems, suppressed } = report;
  const findings = html`
    ${leaks.length > 0 ? html`<temper-problem-list .heading=${'Leaks'} .rules=${leaks}></temper-problem-list>` : nothing}
    <temper-problem-list
      .heading=${'Problems'}
      .rules=${problems}
      .suppressed=${suppressed}
      .isComplete=${report.isComplete}
    ></temper-problem-list>
  `;
  const charts = html`
    ${lengths ? html`<temper-length-chart .lengths=${lengths}></temper-length-chart>` : nothing}
    ${labels ? html`<temper-label-chart .labels=${labels}></temper-label-chart>` : nothing}
  `;
  return html`<main aria-label="Dataset report">
    ${renderHeader(report)}
    <temper-observation-list .observations=${sentences}></temper-observation-list>
    ${report.files.length > 0 ? html`<temper-file-table .files=${report.files}></temper-file-table>` : nothing}
    <div class="parts">
      <div class="column">${findings}</div>
      ${labels || lengths ? html`<div class="column">${charts}</div>` : nothing}
    </div>
  </main>`;
}

function renderHeader({ projectName, isComplete }: DatasetReport) {
  return html`<div class="row">
    <h1>${projectName} · dataset</h1>
    <span class="dim" role="status">${isComplete ? 'up to date' : 'being checked …'}</span>
  </div>`;
}

function renderBroken(message: string, hint: string) {
  return html`<main class="waiting">
    <div class="card broken" role="alert">
      <h1>There is nothing to report</h1>
      <p>${message}</p>
      <p class="dim">${hint}</p>
    </div>
  </main>`;
}

declare global {
  interface HTMLElementTagNameMap {
    'temper-dataset-report': DatasetReportElement;
  }
}
