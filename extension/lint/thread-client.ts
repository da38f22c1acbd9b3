/**
 * The host's end of the thread that lints: starts it when there is something to lint, asks it, starts it again when it
 * dies, and gives up when it dies again and again. Knows nothing of the editor.
 */
import { Owner } from '../owner';
import {
  parseThreadMessage,
  type HostMessage,
  type Queries,
  type Query,
  type QueryName,
  type ThreadMessage,
} from '../lint-worker/messages';

/** A thread that runs. */
export interface Thread {
  post(message: HostMessage): void;
  end(): void;
}

export interface ThreadEvents {
  received(message: unknown): void;
  /** It ended by itself, for this reason. */
  died(reason: string): void;
}

export interface ThreadClientOptions {
  start(events: ThreadEvents): Thread;
  received(message: Exclude<ThreadMessage, { kind: 'answer' | 'refused' }>): void;
  /** It is there, for the first time or again, and knows nothing yet. */
  started(): void;
  died(reason: string, isForGood: boolean): void;
  readonly now?: () => number;
}

interface Asked {
  resolve(value: unknown): void;
  reject(error: Error): void;
  readonly timer: NodeJS.Timeout;
}

const mostDeaths = 3;
const withinMs = 5 * 60_000;
const patienceMs = 20_000;

export class ThreadClient extends Owner {
  private readonly options: ThreadClientOptions;
  private readonly asked = new Map<number, Asked>();
  private thread: Thread | undefined;
  private deathsMs: number[] = [];
  private lastId = 0;

  constructor(options: ThreadClientOptions) {
    super();
    this.options = options;
    this.own({ dispose: () => this.end() });
  }

  get isRunning(): boolean {
    return this.thread !== undefined;
  }

  /** Also after it was given up: somebody asks for another try. */
  start(): void {
    if (this.isEnded || this.thread) return;
    const thread: Thread = this.options.start({
      received: (message) => thread === this.thread && this.receive(message),
      died: (reason) => thread === this.thread && this.bury(reason),
    });
    this.thread = thread;
    this.options.started();
  }

  /** Nothing when no thread runs: whoever starts it says everything again. */
  post(message: HostMessage): void {
    this.thread?.post(message);
  }

  /** Rejects when the thread throws, dies, or is silent for too long. */
  ask<Name extends QueryName>(name: Name, asks: Queries[Name]['asks']): Promise<Queries[Name]['gets']> {
    if (!this.thread) return Promise.reject(new Error('The linter does not run.'));
    const id = ++this.lastId;
    const answer = new Promise<unknown>((resolve, reject) => {
      const timer = setTimeout(() => this.settle(id)?.reject(new Error('The linter does not answer.')), patienceMs);
      this.asked.set(id, { resolve, reject, timer });
    });
    this.thread.post({ kind: 'query', id, query: { name, ...asks } as unknown as Query }); // TypeScript does not pair a name with its question
    return answer as Promise<Queries[Name]['gets']>; // the thread answers by the same table
  }

  private receive(value: unknown): void {
    const message = parseThreadMessage(value);
    if (message === undefined) return;
    if (message.kind === 'answer') this.settle(message.id)?.resolve(message.value);
    else if (message.kind === 'refused') this.settle(message.id)?.reject(new Error(message.detail));
    else this.options.received(message);
  }

  private settle(id: number): Asked | undefined {
    const asked = this.asked.get(id);
    this.asked.delete(id);
    clearTimeout(asked?.timer);
    return asked;
  }

  private bury(reason: string): void {
    const nowMs = (this.options.now ?? Date.now)();
    this.end();
    this.deathsMs = [...this.deathsMs.filter((deathMs) => nowMs - deathMs < withinMs), nowMs];
    const isForGood = this.deathsMs.length >= mostDeaths;
    if (isForGood) this.deathsMs = [];
    this.options.died(reason, isForGood);
    if (!isForGood) this.start();
  }

  private end(): void {
    const { thread } = this;
    this.thread = undefined;
    thread?.end();
    for (const id of [...this.asked.keys()]) this.settle(id)?.reject(new Error('The linter ended.'));
  }
}
