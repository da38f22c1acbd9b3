/** A real run folder and somebody who writes its events, as the trainer does. */
import type { UnnumberedEvent } from '../../protocol';
import { openEventLog, type EventLog } from '../../runs/event-log';
import { exampleEvents } from '../protocol/example-events';
import { createTemporaryRun, writeRecord, type TemporaryRun } from '../runs/temporary-run';

export interface ToldRun extends TemporaryRun {
  say(...events: UnnumberedEvent[]): void;
}

export const step = (number: number, loss = 1): UnnumberedEvent => ({ ...exampleEvents.step, step: number, loss });

export const completed: UnnumberedEvent = { kind: 'ended', state: 'completed', bestStep: 7, reason: 'All steps are done.' };

export function createToldRun(): ToldRun {
  const run = createTemporaryRun();
  let log: EventLog | undefined;
  writeRecord(run.runDir, { projectDir: run.projectDir });
  return {
    ...run,
    say: (...events) => {
      log ??= openEventLog(run.runDir, { nowMs: Date.now });
      for (const event of events) log.append(event);
    },
    delete: () => {
      log?.close();
      run.delete();
    },
  };
}
