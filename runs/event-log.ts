/** The writing end of events.ndjson. One process, the trainer, holds it; everybody else reads (event-tail.ts). */
import { closeSync, fsyncSync, openSync, readFileSync, writeSync } from 'node:fs';
import { parseRunEvent, type RunEvent, type UnnumberedEvent } from '../protocol';
import { parseJsonLine } from './line-splitter';
import { runPaths } from './paths';

export interface EventLog {
  /** Numbers, dates and writes the event before it returns: who hears of an event can find it in the file. */
  append(event: UnnumberedEvent): RunEvent;
  close(): void;
}

/** The run folder must exist. An existing log is continued: a resumed run has one numbering. */
export function openEventLog(runDir: string, clock: { nowMs(): number }): EventLog {
  const file = runPaths(runDir).events;
  const fd = openSync(file, 'a');
  const existing = readFileSync(file, 'utf8');
  let seq = lastSeq(existing);
  let midLine = existing !== '' && !existing.endsWith('\n');
  return {
    append(event) {
      const numbered = numberEvent(event, seq + 1, clock.nowMs());
      seq++;
      const line = Buffer.from(`${midLine ? '\n' : ''}${JSON.stringify(numbered)}\n`);
      midLine = true; // until the whole line is out: a full disk may take a part of it
      writeFully(fd, line);
      midLine = false;
      if (mustSurvivePowerCut(numbered)) fsyncSync(fd);
      return numbered;
    },
    close: () => {
      closeSync(fd);
    },
  };
}

/** An event that readers would refuse (a loss that is NaN becomes null in JSON) is a bug of the trainer, not a line. */
function numberEvent(event: UnnumberedEvent, seq: number, atMs: number): RunEvent {
  const numbered = { seq, atMs, ...event };
  const parsed = parseRunEvent(numbered);
  if (parsed === undefined) throw new TypeError(`Not an event that can be read back: ${describe(numbered)}`);
  return parsed;
}

function describe(event: object): string {
  return JSON.stringify(event, (_key, value: unknown) =>
    typeof value === 'number' && !Number.isFinite(value) ? String(value) : value,
  );
}

function mustSurvivePowerCut(event: RunEvent): boolean {
  return event.kind === 'saved' || event.kind === 'ended';
}

/** The number of the last line that has one, also of a kind that only a newer version knows. */
function lastSeq(text: string): number {
  for (let end = text.length; end > 0;) {
    const start = text.lastIndexOf('\n', end - 1) + 1;
    const event = parseJsonLine(text.slice(start, end));
    if (typeof event === 'object' && event !== null && 'seq' in event && typeof event.seq === 'number') return event.seq;
    end = start - 1;
  }
  return 0;
}

function writeFully(fd: number, bytes: Uint8Array): void {
  for (let written = 0; written < bytes.length;) written += writeSync(fd, bytes, written);
}
