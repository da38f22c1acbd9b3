/** The faces of the panel as messages: what the host would say to get each of them. */
import type { HostToPanel, RunEvent, RunHeader } from '../../../protocol';
import { collectRunState } from '../../../protocol/run-state';
import { recordCompleted, recordFailure, recordStart, recordTraining, sampleHeader } from './sample-run';
import { recordWriting, recordWritten, writingHeader } from './writing-run';

export const faces = {
  loading: () => [],
  empty: () => [snapshotOf(recordStart().events)],
  beginning: () => [snapshotOf(recordTraining(60).events)],
  full: () => [snapshotOf(recordTraining().events), ...evaluations],
  completed: () => [snapshotOf(recordCompleted().events)],
  writing: () => [snapshotOf(recordWriting().events, writingHeader), writingEvaluation],
  'writing-begins': () => [snapshotOf(recordWriting(0).events, writingHeader)],
  'writing-completed': () => [snapshotOf(recordWritten().events, writingHeader)],
  failed: () => [snapshotOf(recordFailure().events)],
  lost: () => [snapshotOf(recordTraining(420).events), { kind: 'liveness', lost: true }],
  broken: () => [
    {
      kind: 'broken',
      message: 'The run folder .temper/runs/support-tickets-1 has no run.json.',
      hint: 'It may have been deleted while the panel was open. Close the panel, or start a new run.',
    },
  ],
} as const satisfies Record<string, () => readonly HostToPanel[]>;

export type FaceName = keyof typeof faces;

const evaluations: readonly HostToPanel[] = [
  { kind: 'evaluation', step: 1000, split: 'test', status: { kind: 'running', done: 1280, total: 3080 } },
  {
    kind: 'evaluation',
    step: 700,
    split: 'test',
    status: { kind: 'done', metrics: { accuracy: 0.861, macroF1: 0.85, loss: 0.442 } },
  },
];

const writingEvaluation: HostToPanel = {
  kind: 'evaluation',
  step: 108,
  split: 'test',
  status: { kind: 'done', metrics: { loss: 0.8, perplexity: 2.2255, accuracy: 0.801 } },
};

export function snapshotOf(events: readonly RunEvent[], header: RunHeader = sampleHeader): HostToPanel {
  return {
    kind: 'snapshot',
    header,
    state: collectRunState(events),
    steps: events.filter((event) => event.kind === 'step'),
    nowMs: events.at(-1)?.atMs ?? 0,
  };
}
