/** Which file teaches and judges which task of the config, and which head it needs. */
import type { RunConfig } from '../../protocol';
import { roomForText } from '../methods/virtual-tokens';
import type { LoadedModel } from '../model-folder';
import type { HeadKind } from '../models/model';
import { createInstructionTuning } from './instruction-tuning';
import type { Task } from './task';
import { createTextClassification } from './text-classification';

export function headOf(task: RunConfig['task']): HeadKind {
  switch (task.type) {
    case 'text-classification':
      return 'sequence-classification';
    case 'instruction-tuning':
      return 'causal-lm';
    default:
      return task satisfies never;
  }
}

/** @throws RunFailure 'bad-config' when the method leaves no room for a text */
export function createTask({ task, training, method }: RunConfig, model: LoadedModel, labels: readonly string[]): Task {
  const maxLength = Math.min(training.maxLength, roomForText(method, model.backbone.maxLength));
  switch (task.type) {
    case 'text-classification':
      return createTextClassification(model, labels, maxLength);
    case 'instruction-tuning':
      return createInstructionTuning(model, task, maxLength);
    default:
      return task satisfies never;
  }
}
