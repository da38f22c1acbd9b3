/**
 * One dataset report's side of the conversation: the whole report when the panel asks, and again when linting has news. It
 * knows functions that read and post, nothing of the editor. A hidden panel hears nothing and costs nothing.
 */
import { parseReportMessage, type HostToReport, type ReportToHost } from '../../protocol';
import { Owner } from '../owner';
import { Throttle } from '../timing';

/** What the panel asks for and the session cannot do itself. */
export type ReportRequest = Exclude<ReportToHost, { kind: 'ready' }>;

export interface ReportSource {
  /** `undefined` as long as there is nothing to say. */
  read(): HostToReport | undefined;
  post(message: HostToReport): void;
  request(message: ReportRequest): void;
}

const paceMs = 1000;

export class ReportSession extends Owner {
  private readonly source: ReportSource;
  private readonly throttle: Throttle;
  private visible = true;
  /** The panel has asked, so it is drawn; it forgets everything when it is hidden. */
  private ready = false;
  /** What it was told last, so that it is told nothing twice. */
  private said = '';

  /** At most one post in `intervalMs`, save for answers. */
  constructor(source: ReportSource, intervalMs = paceMs) {
    super();
    this.source = source;
    this.throttle = this.own(new Throttle(intervalMs, () => this.tell()));
  }

  /** What the panel says; anything that is not a message of ours is dropped. */
  receive(input: unknown): void {
    const message = parseReportMessage(input);
    if (message === undefined) return;
    if (message.kind !== 'ready') return this.source.request(message);
    this.ready = true;
    this.said = '';
    this.tell();
  }

  setVisible(visible: boolean): void {
    if (visible === this.visible) return;
    this.visible = visible;
    if (visible) this.throttle.ask();
  }

  /** Linting has news. */
  changed(): void {
    this.throttle.ask();
  }

  private tell(): void {
    if (!this.visible || !this.ready || this.isEnded) return;
    const message = this.source.read();
    if (message === undefined) return;
    const words = JSON.stringify(message);
    if (words === this.said) return;
    this.said = words;
    this.source.post(message);
  }
}
