/** Which rows of a batch carry loss. */
import * as tf from '../tensors';
import { embedding } from './embedding';

/** The label of a row that carries no loss, as PyTorch has it. */
export const NO_LABEL = -100;

/** The places that have a label, in their order. */
export function labelledPlaces(labels: Int32Array): Int32Array {
  return Int32Array.from([...labels.keys()].filter((place) => labels[place] !== NO_LABEL));
}

/** The rows of x [rows, width] that have a label, and their labels. */
export function selectLabelled(x: tf.Tensor2D, labels: Int32Array): { x: tf.Tensor2D; labels: Int32Array } {
  const places = labelledPlaces(labels);
  if (places.length === labels.length) return { x, labels };
  return { x: embedding(x, tf.tensor1d(places, 'int32')), labels: labels.filter((label) => label !== NO_LABEL) };
}
