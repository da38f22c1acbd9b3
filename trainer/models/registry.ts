/** Which model file serves which Hugging Face `model_type`. */
import { createBertClassifier } from './bert';
import type { SequenceClassifier } from './model';

type CreateClassifier = (config: unknown, labels: number) => SequenceClassifier;

export const sequenceClassifiers: ReadonlyMap<string, CreateClassifier> = new Map([['bert', createBertClassifier]]);
