/** What stands in the Experiments tree. A node carries ids and the newest facts, and is what the tree's commands receive. */
import { basename, join } from 'node:path';
import type { CheckpointFacts, MetricValues } from '../../protocol';
import type { FollowedRun } from './followed-run';

export interface ProjectNode {
  readonly kind: 'project';
  readonly projectDir: string;
}
export interface RunNode {
  readonly kind: 'run';
  readonly runDir: string;
  readonly run: FollowedRun;
}
export interface CheckpointNode {
  readonly kind: 'checkpoint';
  readonly runDir: string;
  readonly step: number;
  readonly checkpoint: CheckpointFacts;
  readonly isBest: boolean;
  readonly isEvaluated: boolean;
}
export interface EvaluationNode {
  readonly kind: 'evaluation';
  readonly runDir: string;
  readonly step: number;
  readonly split: string;
  readonly rows: number;
  readonly metrics: MetricValues;
  /** The record with all rows; missing for what the run itself measured. */
  readonly path?: string;
}
export type ExperimentNode = ProjectNode | RunNode | CheckpointNode | EvaluationNode;

/** The same for the same thing, whatever its facts: it keeps the tree open and selected where it was. */
export function nodeId(node: ExperimentNode): string {
  switch (node.kind) {
    case 'project':
      return node.projectDir;
    case 'run':
      return node.runDir;
    case 'checkpoint':
      return `${node.runDir}|${node.step}`;
    case 'evaluation':
      return `${node.runDir}|${node.step}|${node.split}`;
    default:
      return node satisfies never;
  }
}

export function nodeLabel(node: ExperimentNode): string {
  switch (node.kind) {
    case 'project':
      return basename(node.projectDir);
    case 'run':
      return node.run.name;
    case 'checkpoint':
      return `step ${node.step}`;
    case 'evaluation':
      return node.split;
    default:
      return node satisfies never;
  }
}

/** Newest first. */
export function checkpointNodes(run: FollowedRun): CheckpointNode[] {
  const { checkpoints, best } = run.state;
  const nodes = checkpoints.map((checkpoint): CheckpointNode => {
    const { step } = checkpoint;
    const isEvaluated = evaluationNodes(run, step).length > 0;
    return { kind: 'checkpoint', runDir: run.dir, step, checkpoint, isBest: step === best?.step, isEvaluated };
  });
  return nodes.reverse();
}

/** One per split: what was asked for later replaces what the run itself measured. */
export function evaluationNodes(run: FollowedRun, step: number): EvaluationNode[] {
  const nodes = new Map<string, EvaluationNode>();
  const base = { kind: 'evaluation', runDir: run.dir, step } as const;
  for (const { split, rows, metrics, ...facts } of run.state.evaluations) {
    if (facts.step === step && facts.subject === 'trained') nodes.set(split, { ...base, split, rows, metrics });
  }
  for (const { split, rows, metrics, ...record } of run.evaluations) {
    if (record.step === step) nodes.set(split, { ...base, split, rows, metrics, path: record.path });
  }
  return [...nodes.values()];
}

export function checkpointDir(runDir: string, checkpoint: CheckpointFacts): string {
  return join(runDir, checkpoint.path);
}
