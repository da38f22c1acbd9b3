/** What each phase of a run is called, how it looks, and which buttons make sense in it. */
import type { EndState, PanelToHost, RunState } from '../protocol';
import { capitalize } from './format';

/** `busy` moves, `good` is an end to be happy with, `bad` one to look into. */
export type PhaseTone = 'busy' | 'calm' | 'good' | 'bad';

export interface PhaseLook {
  readonly title: string;
  readonly tone: PhaseTone;
}

export interface PhaseButton {
  readonly title: string;
  readonly message: PanelToHost;
  readonly primary?: boolean;
}

const endLooks: Readonly<Record<EndState, PhaseLook>> = {
  completed: { title: 'Completed', tone: 'good' },
  'early-stopped': { title: 'Stopped early', tone: 'good' },
  stopped: { title: 'Stopped', tone: 'calm' },
  'out-of-memory': { title: 'Out of memory', tone: 'bad' },
  diverged: { title: 'Diverged', tone: 'bad' },
  failed: { title: 'Failed', tone: 'bad' },
};

export function describePhase(state: RunState): PhaseLook {
  const { phase } = state;
  switch (phase.kind) {
    case 'starting':
      return { title: 'Starting', tone: 'busy' };
    case 'working':
      return { title: describeActivity(state, phase.activity), tone: 'busy' };
    case 'training':
      return { title: 'Training', tone: 'busy' };
    case 'paused':
      return { title: 'Paused', tone: 'calm' };
    case 'stopping':
      return { title: 'Stopping', tone: 'busy' };
    case 'ended':
      return endLooks[phase.state];
    case 'lost':
      return { title: 'Lost', tone: 'bad' };
    default:
      return phase satisfies never;
  }
}

const stop: PhaseButton = { title: 'Stop and Save', message: { kind: 'stop' }, primary: true };
const openLog: PhaseButton = { title: 'Open Log', message: { kind: 'open', what: 'log' } };

export function buttonsOf({ phase, lastStep }: RunState): readonly PhaseButton[] {
  switch (phase.kind) {
    case 'starting':
      return [stop, openLog];
    case 'working':
    case 'training':
      if (lastStep === undefined) return [stop, openLog];
      return [
        stop,
        { title: 'Pause', message: { kind: 'pause' } },
        { title: 'Evaluate Now', message: { kind: 'evaluate-now' } },
        openLog,
      ];
    case 'paused':
      return [stop, { title: 'Continue', message: { kind: 'continue' } }, openLog];
    case 'stopping':
      return [openLog];
    case 'ended':
    case 'lost':
      return [{ title: 'Open Folder', message: { kind: 'open', what: 'folder' } }, openLog];
    default:
      return phase satisfies never;
  }
}

/** Before the first step everything is preparation, save the measurement of the untouched model. */
function describeActivity(state: RunState, activity: string): string {
  if (/^(measur|evaluat)/i.test(activity)) return 'Evaluating';
  return state.lastStep === undefined
    ? `Preparing: ${activity.charAt(0).toLowerCase()}${activity.slice(1)}`
    : capitalize(activity);
}
