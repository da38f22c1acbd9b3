/**
 * One run panel's side of the conversation: a snapshot when the panel asks, then what is new in the run folder. It knows
 * the folder and a function that posts, nothing of the editor. A hidden panel hears nothing and costs nothing.
 */
import { initialRunState, isEnded, parsePanelMessage, reduceRun, runRecordSchema } from '../../protocol';
import type { EvaluationStatus, HostToPanel, PanelToHost, RunRecord, RunState, StepFacts } from '../../protocol';
import { EventTail } from '../../runs/event-tail';
import { isAlive } from '../../runs/liveness';
import { runPaths } from '../../runs/paths';
import { readDocument } from '../../runs/read-document';
import { addStep } from '../../runs/read-run';
import { EvaluationList } from '../experiments/evaluation-list';
import { messages } from '../messages';
import { every, Owner } from '../owner';
import { Outbox } from './outbox';
import { createRunHeader } from './run-header';
import { cutTexts, thinSamples } from './thin-samples';
import { maxSnapshotSteps, thinSteps } from './thin-steps';

/** What the panel asks for and the session cannot do itself. */
export type PanelRequest = Exclude<PanelToHost, { kind: 'ready' }>;

export interface PanelHost {
  post(message: HostToPanel): void;
  request(message: PanelRequest): void;
}

/** In milliseconds. Posts are as far apart as polls: at most ten a second. */
export interface PanelPace {
  readonly pollMs: number;
  readonly livenessMs: number;
}

export class PanelSession extends Owner {
  readonly runDir: string;
  private readonly host: PanelHost;
  private readonly outbox: Outbox;
  private readonly tail: EventTail;
  private readonly evaluations: EvaluationList;
  /** Evaluations of this window, by checkpoint and split; they outlive the panel's own memory. */
  private readonly statuses = new Map<string, HostToPanel>();
  private record: RunRecord | undefined;
  private state: RunState = initialRunState;
  private steps: StepFacts[] = [];
  private lost = false;
  private visible = true;
  /** The panel has asked, so it is drawn; it forgets everything when it is hidden. */
  private ready = false;
  /** It has its snapshot: what is new may follow. */
  private streaming = false;
  private polling = false;

  constructor(runDir: string, host: PanelHost, pace: PanelPace = { pollMs: 100, livenessMs: 5000 }) {
    super();
    this.runDir = runDir;
    this.host = host;
    this.tail = new EventTail(runPaths(runDir).events);
    this.evaluations = new EvaluationList(runDir);
    this.outbox = this.own(new Outbox((message) => host.post(message), pace.pollMs));
    this.own(every(pace.pollMs, () => void this.poll()));
    this.own(every(pace.livenessMs, () => void this.checkLiveness()));
  }

  /** What the panel says; anything that is not a message of ours is dropped. */
  receive(input: unknown): void {
    const message = parsePanelMessage(input);
    if (message === undefined) return;
    if (message.kind !== 'ready') return this.host.request(message);
    this.ready = true;
    void this.start();
  }

  setVisible(visible: boolean): void {
    if (visible === this.visible) return;
    this.visible = visible;
    this.streaming = false;
    this.outbox.clear();
    if (visible && this.ready) void this.start();
  }

  /** Whoever evaluates a checkpoint tells how it goes. */
  showEvaluation(step: number, split: string, status: EvaluationStatus): void {
    const message: HostToPanel = { kind: 'evaluation', step, split, status };
    this.statuses.set(`${step} ${split}`, message);
    if (this.streaming) this.outbox.add(message);
  }

  private async start(): Promise<void> {
    this.streaming = false;
    const broken = await this.readRecord();
    this.lost = await this.readLost();
    await this.readNewEvents();
    await this.evaluations.refresh();
    if (!this.isWanted) return;
    this.outbox.replaceAll(broken ?? this.createSnapshot());
    this.streaming = broken === undefined;
    for (const message of this.knownEvaluations()) this.outbox.add(message);
  }

  private get isWanted(): boolean {
    return this.visible && this.ready && !this.isEnded;
  }

  private async poll(): Promise<void> {
    if (!this.streaming || this.polling) return;
    this.polling = true;
    try {
      await this.passOnNewEvents();
    } finally {
      this.polling = false;
    }
  }

  private async passOnNewEvents(): Promise<void> {
    const events = await this.readNewEvents();
    // Whoever started over meanwhile has these in its snapshot.
    if (!this.streaming || events.length === 0) return;
    const shown = events.map((event) => (event.kind === 'sampled' ? cutTexts(event) : event));
    this.outbox.add({ kind: 'events', events: shown });
  }

  /** Folds what is new into state and curve. Events seen before are left out. */
  private async readNewEvents() {
    const events = (await this.tail.readNew()).filter(({ seq }) => seq > this.state.lastSeq);
    for (const event of events) {
      this.state = reduceRun(this.state, event);
      if (event.kind === 'step' && this.state.lastStep) addStep(this.steps, this.state.lastStep);
    }
    if (this.steps.length > 2 * maxSnapshotSteps) this.steps = thinSteps(this.steps);
    return events;
  }

  private async checkLiveness(): Promise<void> {
    const lost = this.streaming ? await this.readLost() : this.lost;
    if (lost === this.lost || !this.streaming) return;
    this.lost = lost;
    this.outbox.add({ kind: 'liveness', lost });
  }

  private async readLost(): Promise<boolean> {
    const alive = await isAlive(this.runDir, this.record, Date.now());
    if (!alive) await this.passOnNewEvents(); // the end may have been told just before the process went away
    return !alive && !isEnded(this.state.phase);
  }

  /** Why the run cannot be shown, if so. */
  private async readRecord(): Promise<HostToPanel | undefined> {
    const document = await readDocument(runPaths(this.runDir).record, runRecordSchema);
    this.record = document.kind === 'read' ? document.value : undefined;
    if (document.kind === 'read') return undefined;
    return {
      kind: 'broken',
      ...(document.kind === 'missing' ? messages.runGone(this.runDir) : messages.runBroken(document.found)),
    };
  }

  private createSnapshot(): HostToPanel {
    const shown = { ...this.state, samples: thinSamples(this.state.samples) };
    const state: RunState = this.lost ? { ...shown, phase: { kind: 'lost' } } : shown;
    const header = createRunHeader(this.runDir, this.record);
    return { kind: 'snapshot', header, state, steps: thinSteps(this.steps), nowMs: Date.now() };
  }

  /** Those on disk, then those of this window, which are newer. */
  private knownEvaluations(): HostToPanel[] {
    const known = new Map<string, HostToPanel>();
    for (const { step, split, metrics } of this.evaluations.all) {
      known.set(`${step} ${split}`, { kind: 'evaluation', step, split, status: { kind: 'done', metrics } });
    }
    return [...new Map([...known, ...this.statuses]).values()];
  }
}
