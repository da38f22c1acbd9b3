/** All shapes that rows can have, and which of them a task can be trained on. */
import type { ColumnField, RunConfig, ShapeName } from '../../protocol';
import { alpaca } from './alpaca';
import { classification } from './classification';
import { embedding } from './embedding';
import { imageCaption } from './image-caption';
import { imageClassification } from './image-classification';
import { messages } from './messages';
import { multiLabel } from './multi-label';
import { preference } from './preference';
import { promptCompletion } from './prompt-completion';
import type { Columns, Samples, Shape } from './shape';
import { shareGpt } from './sharegpt';
import { text } from './text';
import { tokenTags } from './token-tags';
import { unpairedPreference } from './unpaired-preference';

/** Those that ask for most come first: whatever has a better and a worse answer is no mere text. */
export const shapes: readonly Shape[] = [
  preference,
  messages,
  shareGpt,
  unpairedPreference,
  tokenTags,
  imageClassification,
  imageCaption,
  embedding,
  alpaca,
  multiLabel,
  classification,
  promptCompletion,
  text,
];

export type TaskType = RunConfig['task']['type'];

/** The best first. */
export const taskShapes: Readonly<Record<TaskType, readonly ShapeName[]>> = {
  'text-classification': ['classification'],
  'instruction-tuning': ['messages', 'prompt-completion', 'alpaca', 'sharegpt'],
};

export function shapeNamed(name: ShapeName): Shape {
  const found = shapes.find((shape) => shape.name === name);
  if (!found) throw new Error(`The shape ${name} is not in the registry.`);
  return found;
}

/** Needed fields whose column is not there. */
export function missingFields(shape: Shape, names: readonly string[], columns: Columns, samples: Samples = []): ColumnField[] {
  return shape.fields(columns, samples).needed.filter((field) => !names.includes(columns[field] ?? ''));
}

/** The names that the shape reads, whether rows must have them or not. */
export function namesRead(shape: Shape, columns: Columns): Set<string> {
  const { needed, optional, others } = shape.fields(columns, []);
  return new Set([...[...needed, ...optional].flatMap((field) => columns[field] ?? []), ...others]);
}
