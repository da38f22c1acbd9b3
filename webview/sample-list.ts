/**
 * What the model writes for a few validation rows: before training, and at any evaluation since. It follows the newest
 * answers until somebody walks back; Left and Right walk the evaluations, Home and End go to the ends.
 */
import { LitElement, css, html, nothing } from 'lit';
import { customElement, property, state } from 'lit/decorators.js';
import type { Sample, SampledFacts } from '../protocol';
import { formatCount } from './format';
import './sample-row';
import type { Answer } from './sample-row';
import './sample-stepper';
import { sharedStyles } from './styles';

/** More rows than these are shown on request. */
const fewRows = 5;

@customElement('temper-sample-list')
export class SampleList extends LitElement {
  static override styles = [
    ...sharedStyles,
    css`
      ol {
        list-style: none;
        margin: 6px 0 0;
        padding: 0;
      }
      li {
        border-top: 1px solid var(--temper-grid);
        padding: 8px 0;
      }
      .more {
        margin-left: -2px;
      }
      .foot {
        font-size: 12px;
        margin: 0;
      }
    `,
  ];

  /** In any order; those of the untouched model stand beside all others. */
  @property({ attribute: false }) samples: readonly SampledFacts[] = [];
  /** The step of the best checkpoint. */
  @property({ attribute: false }) best: number | undefined;
  /** The step that somebody went to; the newest while undefined. */
  @state() private chosen: number | undefined;
  @state() private showsAll = false;

  override render() {
    const base = this.samples.find(({ subject }) => subject === 'base');
    const trained = this.samples.filter(({ subject }) => subject === 'trained').sort((left, right) => left.step - right.step);
    const now = trained.find(({ step }) => step === this.chosen) ?? trained.at(-1);
    const rows = (now ?? base)?.samples ?? [];
    return html`<section class="card" aria-labelledby="heading">
      <div class="row">
        <h2 id="heading">What the model writes</h2>
        <span class="grow"></span>
        ${now === undefined ? nothing : this.renderStepper(trained, now.step)}
      </div>
      <ol aria-labelledby="heading">
        ${rows.slice(0, this.showsAll ? rows.length : fewRows).map((row, index) => renderRow(row, answersTo(row, index, base, now)))}
      </ol>
      ${rows.length > fewRows ? this.renderMore(rows.length) : nothing}
      <p class="foot dim">
        ${now === undefined ? 'The next answers come with the first evaluation.' : 'Marked are words that the expected answer has too, in the same order.'}
      </p>
    </section>`;
  }

  private renderStepper(trained: readonly SampledFacts[], step: number) {
    return html`<temper-sample-stepper
      .steps=${trained.map((sampled) => sampled.step)}
      .step=${step}
      .best=${this.best}
      @temper-step=${this.onStep}
    ></temper-sample-stepper>`;
  }

  private renderMore(count: number) {
    return html`<button
      class="quiet more"
      aria-expanded=${this.showsAll}
      @click=${() => {
        this.showsAll = !this.showsAll;
      }}
    >
      ${this.showsAll ? `Show the first ${fewRows} rows` : `Show all ${formatCount(count)} rows`}
    </button>`;
  }

  /** Whoever comes back to the newest follows it again. */
  private readonly onStep = ({ detail: step }: CustomEvent<number>): void => {
    const newest = Math.max(...this.samples.map((sampled) => sampled.step));
    this.chosen = step === newest ? undefined : step;
  };
}

function renderRow({ prompt, expected }: Sample, answers: readonly Answer[]) {
  return html`<li>
    <temper-sample-row .prompt=${prompt} .expected=${expected} .answers=${answers}></temper-sample-row>
  </li>`;
}

function answersTo(row: Sample, index: number, base: SampledFacts | undefined, now: SampledFacts | undefined): Answer[] {
  const before = base?.samples[index];
  return [
    ...(before?.prompt === row.prompt ? [{ title: 'untouched model', text: before.completion }] : []),
    ...(now === undefined ? [] : [{ title: `step ${formatCount(now.step)}`, text: row.completion }]),
  ];
}

declare global {
  interface HTMLElementTagNameMap {
    'temper-sample-list': SampleList;
  }
}
