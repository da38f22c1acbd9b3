/**
 * What waits to be posted to a panel. At most one message leaves every `intervalMs`; what can be merged while it waits
 * is merged, so a fast run costs the panel no more than a slow one.
 */
import type { HostToPanel } from '../../protocol';
import { every, Owner } from '../owner';

type Post = (message: HostToPanel) => void;

export class Outbox extends Owner {
  private readonly post: Post;
  private waiting: HostToPanel[] = [];

  constructor(post: Post, intervalMs = 100) {
    super();
    this.post = post;
    this.own(every(intervalMs, () => this.postOne()));
  }

  add(message: HostToPanel): void {
    const last = this.waiting.at(-1);
    if (last !== undefined) {
      const merged = merge(last, message);
      if (merged !== undefined) {
        this.waiting[this.waiting.length - 1] = merged;
        return;
      }
    }
    this.waiting.push(message);
  }

  /** Forgets what waits: it is part of the message given, which goes out at once. */
  replaceAll(message: HostToPanel): void {
    this.waiting = [];
    this.post(message);
  }

  clear(): void {
    this.waiting = [];
  }

  private postOne(): void {
    const message = this.waiting.shift();
    if (message !== undefined) this.post(message);
  }
}

/** One message that says what the two say, or `undefined`. */
function merge(first: HostToPanel, second: HostToPanel): HostToPanel | undefined {
  if (first.kind === 'events' && second.kind === 'events') {
    return { kind: 'events', events: [...first.events, ...second.events] };
  }
  if (first.kind === 'liveness' && second.kind === 'liveness') return second;
  if (first.kind === 'evaluation' && second.kind === 'evaluation') {
    return first.step === second.step && first.split === second.split ? second : undefined;
  }
  return undefined;
}
