/**
 * Softmax statistics over a vocabulary that is seen chunk by chunk, and the gradient of one chunk of logits. Logarithms
 * are left to the caller, in double precision.
 */
import { gradRow, rowSum, sumOfExp } from './cross-entropy';
import { rowMaximum } from './softmax';
import { Vector } from './vector-math';

/**
 * Takes a chunk of logits [rows, columns], the classes from `first` on, into four doubles per row: maximum so far,
 * Σ exp(x - maximum), Σ x, and the logit of the label. They start as minus infinity, 0, 0 and anything.
 */
export function addSoftmaxStatistics(rows: i32, columns: i32, first: i32, logits: usize, labels: usize, statistics: usize): void {
  for (let i = 0; i < rows; i++) {
    const before = load<f64>(statistics) as f32;
    const highest = max(before, rowMaximum(columns, logits));
    const shrink = before == highest ? (1 as f32) : f32x4.extract_lane(Vector.exp(f32x4.splat(before - highest)), 0);
    store<f64>(statistics, highest as f64);
    store<f64>(statistics, load<f64>(statistics, 8) * (shrink as f64) + (sumOfExp(columns, logits, highest) as f64), 8);
    store<f64>(statistics, load<f64>(statistics, 16) + (rowSum(columns, logits) as f64), 16);
    const label = load<i32>(labels) - first;
    if (label >= 0 && label < columns) store<f64>(statistics, load<f32>(logits + ((label as usize) << 2)) as f64, 24);
    labels += 4;
    logits += (columns as usize) << 2;
    statistics += 32;
  }
}

/**
 * Turns a chunk of logits in place into its gradient (softmax - target) · scale, where target = hot at the label plus
 * cold everywhere. `statistics` holds two floats per row, maximum and Σ exp(x - maximum) over the whole vocabulary.
 */
export function linearCrossEntropyGrad(
  rows: i32,
  columns: i32,
  first: i32,
  logits: usize,
  labels: usize,
  statistics: usize,
  hot: f32,
  cold: f32,
  scale: f32,
): void {
  for (let i = 0; i < rows; i++) {
    gradRow(columns, logits, load<f32>(statistics), scale / load<f32>(statistics, 4), cold * scale, logits);
    const label = load<i32>(labels) - first;
    if (label >= 0 && label < columns) {
      const at = logits + ((label as usize) << 2);
      store<f32>(at, load<f32>(at) - hot * scale);
    }
    labels += 4;
    logits += (columns as usize) << 2;
    statistics += 8;
  }
}
