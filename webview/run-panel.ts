/**
 * The whole panel: <temper-run-panel></temper-run-panel>. It keeps what the host says, lays out the parts, and passes on
 * what they ask for. Lit draws the structure at most once a frame; the curves live in a StepHistory and on canvases.
 */
import { LitElement, html, nothing } from 'lit';
import { customElement, property, state } from 'lit/decorators.js';
import type { HostToPanel, PanelToHost } from '../protocol';
import { askEvent } from './ask';
import './checkpoint-table';
import { formatBytes, formatCount, formatLearningRate, formatNumber } from './format';
import { FrameTask } from './frame-task';
import type { PanelHost } from './host';
import './loss-chart';
import { heldOutSplits } from './measurements';
import './metric-chart';
import './observation-list';
import { collectObservations } from './observations';
import { reducePanel, withEvaluation, type PanelState, type ShownRun } from './panel-state';
import './run-facts';
import './run-header';
import './run-progress';
import { panelStyles } from './run-panel-styles';
import './sample-list';
import './score-board';
import './spark-card';
import { StepHistory } from './step-history';
import { sharedStyles } from './styles';
import { estimateMsLeft } from './time-left';

/** After this long without a snapshot the panel says so and offers to ask again. */
const patienceMs = 10_000;

@customElement('temper-run-panel')
export class RunPanel extends LitElement {
  static override styles = [...sharedStyles, panelStyles];

  /** The door to the editor; the panel asks for its snapshot as soon as it has one. */
  @property({ attribute: false }) host: PanelHost | undefined;
  @state() private tables: readonly string[] = [];
  @state() private slow = false;
  private panel: PanelState = { kind: 'loading' };
  private history = new StepHistory();
  private revision = 0;
  private readonly frame = new FrameTask(() => {
    this.refresh();
  });
  private patience: number | undefined;
  private stopListening: (() => void) | undefined;

  override connectedCallback(): void {
    super.connectedCallback();
    this.addEventListener(askEvent, this.onAsk);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.removeEventListener(askEvent, this.onAsk);
    this.stopListening?.();
    this.frame.cancel();
    window.clearTimeout(this.patience);
  }

  override willUpdate(changed: Map<PropertyKey, unknown>): void {
    if (changed.has('host')) this.connectHost();
  }

  override render() {
    const { panel } = this;
    if (panel.kind === 'loading') return this.renderLoading();
    if (panel.kind === 'broken') return renderBroken(panel.message, panel.hint);
    return this.renderRun(panel);
  }

  private renderLoading() {
    return html`<main class="waiting" aria-busy="true">
      <vscode-progress-ring aria-hidden="true"></vscode-progress-ring>
      <p role="status">${this.slow ? 'The editor has not answered yet.' : 'Reading the run …'}</p>
      ${this.slow ? html`<vscode-button appearance="secondary" @click=${this.askForSnapshot}>Ask Again</vscode-button>` : nothing}
    </main>`;
  }

  private renderRun({ header, run, evaluations }: ShownRun) {
    const observations = collectObservations(run, this.history);
    return html`<main aria-label="Fine-tuning run">
      <temper-run-header .header=${header} .run=${run}></temper-run-header>
      <temper-run-progress .run=${run} .msLeft=${estimateMsLeft(run, this.history.recentStepMs)}></temper-run-progress>
      ${observations.length > 0 ? html`<temper-observation-list .observations=${observations}></temper-observation-list>` : nothing}
      <div class="charts" @temper-as-table=${this.onTables}>
        <temper-loss-chart .run=${run} .history=${this.history} .asTable=${this.tables.includes('loss')}></temper-loss-chart>
        <temper-metric-chart .run=${run} .asTable=${this.tables.includes('metric')}></temper-metric-chart>
      </div>
      ${run.samples.length > 0 ? html`<temper-sample-list .samples=${run.samples} .best=${run.best?.step}></temper-sample-list>` : nothing}
      ${this.renderSparks()}
      ${heldOutSplits(run).length > 0 ? html`<temper-score-board .run=${run}></temper-score-board>` : nothing}
      <temper-checkpoint-table .run=${run} .evaluations=${evaluations}></temper-checkpoint-table>
      <temper-run-facts .header=${header} .run=${run}></temper-run-facts>
    </main>`;
  }

  private renderSparks() {
    const { learningRate, gradNorm, tokensPerSecond, memoryBytes } = this.history.curves;
    const sparks = [
      { heading: 'Learning rate', tint: 'rate', series: learningRate, format: formatLearningRate },
      { heading: 'Gradient norm', tint: 'validation', series: gradNorm, format: formatNumber },
      { heading: 'Tokens per second', tint: 'metric', series: tokensPerSecond, format: formatCount },
      { heading: 'Memory', tint: 'info', series: memoryBytes, format: formatBytes },
    ];
    return html`<div class="sparks">
      ${sparks.map((spark) => html`<temper-spark-card .heading=${spark.heading} .tint=${spark.tint} .series=${spark.series} .format=${spark.format} .revision=${this.revision}></temper-spark-card>`)}
    </div>`;
  }

  private connectHost(): void {
    this.stopListening?.();
    this.stopListening = this.host?.listen((message) => {
      this.receive(message);
    });
    this.tables = this.host?.recall().tables ?? [];
    if (this.host) this.askForSnapshot();
  }

  private readonly askForSnapshot = (): void => {
    this.host?.post({ kind: 'ready' });
    this.slow = false;
    window.clearTimeout(this.patience);
    this.patience = window.setTimeout(() => (this.slow = this.panel.kind === 'loading'), patienceMs);
  };

  /** State at once, pictures with the next frame. */
  private receive(message: HostToPanel): void {
    this.keepSteps(message);
    this.panel = reducePanel(this.panel, message);
    if (message.kind === 'snapshot') this.remember();
    this.frame.request();
  }

  /** The reducer forgets all steps but the newest, so the curves take theirs first, and only from events it will take. */
  private keepSteps(message: HostToPanel): void {
    if (message.kind === 'snapshot') this.history = new StepHistory(message.steps);
    if (message.kind !== 'events' || this.panel.kind !== 'shown') return;
    const { lastSeq } = this.panel.run;
    for (const event of message.events) if (event.kind === 'step' && event.seq > lastSeq) this.history.append(event);
  }

  private refresh(): void {
    this.revision += 1;
    this.requestUpdate();
    this.renderRoot.querySelector('temper-loss-chart')?.redraw();
  }

  private readonly onAsk = ({ detail }: CustomEvent<PanelToHost>): void => {
    this.host?.post(detail);
    if (detail.kind !== 'evaluate' || this.panel.kind !== 'shown') return;
    this.panel = withEvaluation(this.panel, detail.step, { kind: 'asked' });
    this.frame.request();
  };

  private readonly onTables = ({ target }: Event): void => {
    const name = target instanceof Element && target.localName === 'temper-loss-chart' ? 'loss' : 'metric';
    this.tables = this.tables.includes(name) ? this.tables.filter((other) => other !== name) : [...this.tables, name];
    this.remember();
  };

  private remember(): void {
    const runId = this.panel.kind === 'shown' ? { runId: this.panel.header.runId } : {};
    this.host?.remember({ ...runId, tables: this.tables });
  }
}

function renderBroken(message: string, hint: string) {
  return html`<main class="waiting">
    <div class="card broken" role="alert">
      <h1>This run cannot be shown</h1>
      <p>${message}</p>
      <p class="dim">${hint}</p>
    </div>
  </main>`;
}

declare global {
  interface HTMLElementTagNameMap {
    'temper-run-panel': RunPanel;
  }
}
