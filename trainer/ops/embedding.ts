/** Looks up rows of an embedding table. */
import * as tf from '../tensors';
import { FUSED_KERNELS, hasKernel, registerFusedGradient } from './fused';

/**
 * table [vocabulary, hidden], ids [n] int32 → [n, hidden]. Throws for an id outside the table where the backend can see
 * it. The gradient of the table is dense: rows that appear twice are added up.
 */
export function embedding(table: tf.Tensor2D, ids: tf.Tensor1D): tf.Tensor2D {
  if (ids.dtype !== 'int32') throw new Error(`embedding: ids must be int32, not ${ids.dtype}.`);
  if (!hasKernel(FUSED_KERNELS.embedding)) return embeddingComposite(table, ids);
  return tf.engine().runKernel(FUSED_KERNELS.embedding, { table, ids });
}

/** The reference. */
export function embeddingComposite(table: tf.Tensor2D, ids: tf.Tensor1D): tf.Tensor2D {
  return tf.gather(table, ids);
}

registerFusedGradient(FUSED_KERNELS.embedding, ['table', 'ids'], (dy, { table, ids }) => ({
  table: () => tf.engine().runKernel(FUSED_KERNELS.embeddingGrad, { dy, ids }, { vocabulary: table.shape[0] }),
}));
