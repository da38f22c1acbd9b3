/** What the parts of a run share: what it was started with, where it says what happens, and what lives while it trains. */
import type { LoadedData } from '../dataset/load-splits';
import type { Project } from '../dataset/project';
import type { RunEvent, RunState, UnnumberedEvent } from '../protocol';
import type { ChosenBackend } from './backends/choose';
import type { EncodedSplits } from './encode-splits';
import type { FrozenLayers } from './frozen-layers';
import type { Surroundings } from './loop';
import type { Adapter } from './methods/method';
import type { LoadedModel } from './model-folder';
import type { Optimizer } from './optimizer';
import type { Plan } from './plan';
import type { Task } from './tasks/task';

export interface RunRequest {
  readonly project: Project;
  readonly runId: string | undefined;
  /** Start though held-out rows stand in train; the run notes it. */
  readonly allowLeaks?: boolean;
  readonly surroundings: (runDir: string) => Surroundings;
  /** Hears every event after it is in the log. */
  readonly onEvent: (event: RunEvent) => void;
}

export interface Run {
  readonly request: RunRequest;
  readonly data: LoadedData;
  readonly backend: ChosenBackend;
  readonly model: LoadedModel;
  readonly runDir: string;
  readonly surroundings: Surroundings;
  state: RunState;
  say: (event: UnnumberedEvent) => void;
}

/** Everything that lives while it trains. */
export interface Training {
  readonly task: Task;
  readonly splits: EncodedSplits;
  readonly adapter: Adapter;
  readonly optimizer: Optimizer;
  readonly plan: Plan;
  readonly frozen: FrozenLayers | undefined;
}
