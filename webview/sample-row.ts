/** One validation row: what was asked, what was expected, what the untouched model wrote, and what it writes at a step. */
import { LitElement, html, nothing } from 'lit';
import { customElement, property, state } from 'lit/decorators.js';
import { compareWords, type TextPart, type WordComparison } from './compare-words';
import { FrameTask } from './frame-task';
import { sampleStyles } from './sample-styles';
import { sharedStyles } from './styles';

/** What a model wrote, and which one it was. */
export interface Answer {
  readonly title: string;
  readonly text: string;
}

@customElement('temper-sample-row')
export class SampleRow extends LitElement {
  static override styles = [...sharedStyles, sampleStyles];

  @property() prompt = '';
  @property() expected = '';
  /** The untouched model's first. */
  @property({ attribute: false }) answers: readonly Answer[] = [];
  @state() private expanded = false;
  /** Some text does not fit into its few lines. */
  @state() private isLong = false;
  private readonly frame = new FrameTask(() => {
    this.measure();
  });
  private readonly resizes = new ResizeObserver(() => {
    this.frame.request();
  });

  override connectedCallback(): void {
    super.connectedCallback();
    this.resizes.observe(this);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.resizes.disconnect();
    this.frame.cancel();
  }

  override updated(): void {
    this.frame.request();
  }

  override render() {
    return html`<dl class=${this.expanded ? 'expanded' : 'clamped'}>
        <div class="prompt">
          <dt>prompt</dt>
          <dd dir="auto">${textOrNothing(this.prompt)}</dd>
        </div>
        <div>
          <dt>expected</dt>
          <dd dir="auto">${textOrNothing(this.expected)}</dd>
        </div>
        ${this.answers.map((answer) => this.renderAnswer(answer))}
      </dl>
      ${this.isLong ? this.renderToggle() : nothing}`;
  }

  private renderAnswer({ title, text }: Answer) {
    const comparison = compareWords(text, this.expected);
    return html`<div>
      <dt>${title}<span class="agreement">${describeAgreement(comparison)}</span></dt>
      <dd dir="auto">${text.trim() === '' ? textOrNothing(text) : comparison.parts.map(renderPart)}</dd>
    </div>`;
  }

  private renderToggle() {
    return html`<button class="quiet" aria-expanded=${this.expanded} @click=${this.toggle}>
      ${this.expanded ? 'Show less' : 'Show all of it'}
    </button>`;
  }

  private readonly toggle = (): void => {
    this.expanded = !this.expanded;
  };

  /** Only while clamped: what is shown in full overflows nothing. */
  private measure(): void {
    if (this.expanded) return;
    const texts = [...this.renderRoot.querySelectorAll('dd')];
    this.isLong = texts.some(({ scrollHeight, clientHeight }) => scrollHeight > clientHeight + 1);
  }
}

function renderPart({ text, isShared }: TextPart) {
  return isShared ? html`<mark>${text}</mark>` : text;
}

/** An answer of nothing is an answer, and an empty place would look like a fault of the panel. */
function textOrNothing(text: string) {
  return text.trim() === '' ? html`<span class="nothing">nothing at all</span>` : text;
}

function describeAgreement({ isEqual, sharedWords, expectedWords }: WordComparison): string {
  if (isEqual) return '✓ word for word';
  return sharedWords === undefined || expectedWords === 0 ? '' : `${sharedWords} of ${expectedWords} words`;
}

declare global {
  interface HTMLElementTagNameMap {
    'temper-sample-row': SampleRow;
  }
}
