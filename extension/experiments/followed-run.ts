/** One run folder, read again and again: the newest state, without ever reading the same event twice. It writes nothing. */
import { basename } from 'node:path';
import { initialRunState, isEnded, reduceRun, runRecordSchema, type RunRecord, type RunState } from '../../protocol';
import { EventTail } from '../../runs/event-tail';
import { isAlive } from '../../runs/liveness';
import { runPaths } from '../../runs/paths';
import { readDocument } from '../../runs/read-document';
import { EvaluationList, type EvaluationSummary } from './evaluation-list';

export class FollowedRun {
  readonly dir: string;
  readonly projectDir: string;
  record: RunRecord | undefined;
  /** Why run.json cannot be used, in words. */
  broken: string | undefined;
  /** It was running at some time while it was followed: the user's present work, not the past. */
  wasSeenActive = false;
  private readonly evaluationList: EvaluationList;
  private readonly tail: EventTail;
  private folded: RunState = initialRunState;
  private lost = false;

  constructor(dir: string, projectDir: string) {
    this.dir = dir;
    this.projectDir = projectDir;
    this.evaluationList = new EvaluationList(dir);
    this.tail = new EventTail(runPaths(dir).events);
  }

  get id(): string {
    return basename(this.dir);
  }

  get name(): string {
    return this.record?.name ?? this.id;
  }

  /** Those asked for after a checkpoint was saved, oldest first. */
  get evaluations(): readonly EvaluationSummary[] {
    return this.evaluationList.all;
  }

  /** With `lost` in place of a phase that nobody is working on any more. */
  get state(): RunState {
    return this.lost ? { ...this.folded, phase: { kind: 'lost' } } : this.folded;
  }

  /** Nobody has ended it, and somebody is running it. */
  get isActive(): boolean {
    return this.broken === undefined && !isEnded(this.state.phase);
  }

  /** Reads what is new on disk. True when there was something. */
  async refresh(nowMs: number = Date.now()): Promise<boolean> {
    const before = this.fingerprint();
    await this.readRecord();
    const alive = await isAlive(this.dir, this.record, nowMs); // before the events: what ends in between has told its end
    for (const event of await this.tail.readNew()) {
      if (event.kind !== 'sampled') this.folded = reduceRun(this.folded, event); // answers are long, and no list shows them
    }
    this.lost = !alive && !isEnded(this.folded.phase);
    this.wasSeenActive ||= this.isActive;
    const isEvaluated = await this.evaluationList.refresh();
    return isEvaluated || this.fingerprint() !== before;
  }

  private async readRecord(): Promise<void> {
    if (this.record !== undefined) return;
    const document = await readDocument(runPaths(this.dir).record, runRecordSchema);
    if (document.kind === 'read') this.record = document.value;
    this.broken = document.kind === 'bad' ? document.found : undefined;
  }

  private fingerprint(): string {
    const { lastSeq } = this.folded;
    return [lastSeq, this.lost, this.broken, this.record?.runId].join('|');
  }
}
