/** Metrics of a classifier on held-out rows: pure functions of labels and predictions. */
import type { Interval, MetricValues } from '../../protocol';

export interface LabelMetrics {
  readonly label: string;
  readonly rows: number;
  readonly precision: number;
  readonly recall: number;
  readonly f1: number;
}

export interface ClassificationMetrics {
  readonly rows: number;
  readonly metrics: MetricValues;
  readonly accuracyInterval: Interval;
  readonly perLabel: readonly LabelMetrics[];
}

/** One row: which label it has, which was predicted, and the probability given to the one it has. */
export interface Outcome {
  readonly label: number;
  readonly predicted: number;
  readonly probability: number;
}

/** Probabilities below this count as this, so that one certain mistake does not make the mean loss infinite. */
const smallestProbability = 1e-12;

/**
 * Loss is the mean negative log-likelihood; macro F1 the mean of F1 over the labels that occur or are predicted, as
 * scikit-learn's `f1_score(average='macro')`.
 */
export function measureClassification(outcomes: readonly Outcome[], labels: readonly string[]): ClassificationMetrics {
  const rows = outcomes.length;
  const correct = outcomes.filter(({ label, predicted }) => label === predicted).length;
  const loss = outcomes.reduce((sum, { probability }) => sum - Math.log(Math.max(probability, smallestProbability)), 0) / rows;
  const perLabel = labels.map((label, index) => measureLabel(label, index, outcomes));
  const present = perLabel.filter((_, index) => outcomes.some(({ label, predicted }) => label === index || predicted === index));
  const macroF1 = present.reduce((sum, { f1 }) => sum + f1, 0) / Math.max(1, present.length);
  return {
    rows,
    metrics: { loss, accuracy: correct / rows, macroF1 },
    accuracyInterval: wilsonInterval(correct, rows),
    perLabel,
  };
}

/** What always answering the most frequent label of `train` would reach. */
export function measureMajority(
  trainLabels: readonly number[],
  heldOutLabels: readonly number[],
  labels: readonly string[],
): ClassificationMetrics {
  const counts = labels.map((_, index) => trainLabels.filter((label) => label === index).length);
  const majority = counts.indexOf(Math.max(...counts));
  const probability = counts.map((count) => count / trainLabels.length);
  const outcomes = heldOutLabels.map((label) => ({ label, predicted: majority, probability: probability[label] ?? 0 }));
  return measureClassification(outcomes, labels);
}

/** The 95 % score interval of a proportion (Wilson 1927). */
export function wilsonInterval(successes: number, trials: number): Interval {
  if (trials === 0) return { low: 0, high: 1 };
  const z = 1.959964;
  const proportion = successes / trials;
  const centre = proportion + (z * z) / (2 * trials);
  const spread = z * Math.sqrt((proportion * (1 - proportion)) / trials + (z * z) / (4 * trials * trials));
  const scale = 1 + (z * z) / trials;
  return { low: Math.max(0, (centre - spread) / scale), high: Math.min(1, (centre + spread) / scale) };
}

function measureLabel(label: string, index: number, outcomes: readonly Outcome[]): LabelMetrics {
  const rows = outcomes.filter((outcome) => outcome.label === index).length;
  const predicted = outcomes.filter((outcome) => outcome.predicted === index).length;
  const correct = outcomes.filter((outcome) => outcome.label === index && outcome.predicted === index).length;
  const precision = predicted === 0 ? 0 : correct / predicted;
  const recall = rows === 0 ? 0 : correct / rows;
  const f1 = correct === 0 ? 0 : (2 * precision * recall) / (precision + recall);
  return { label, rows, precision, recall, f1 };
}
