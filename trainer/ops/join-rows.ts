/** Two packed tensors become one whose rows are longer, as when a cache grows by a token a row. For generating: no gradient. */
import * as tf from '../tensors';
import { formatShapes } from './format-shapes';
import { FUSED_KERNELS, hasKernel } from './fused';
import type { PackedRows } from './prepend-to-rows';
import { lengthsOf, startsOf, type Starts } from './sequences';

/** Each row of `second` behind the same row of `first`; both [tokens, width]. */
export function joinRows(first: PackedRows, second: PackedRows): PackedRows {
  requireFit(first, second);
  const added = lengthsOf(second.starts);
  const starts = startsOf(lengthsOf(first.starts).map((length, row) => length + (added[row] ?? 0)));
  if (!hasKernel(FUSED_KERNELS.joinRows)) return { x: joinRowsComposite(first, second), starts };
  const attributes = { firstStarts: [...first.starts], secondStarts: [...second.starts] };
  return { x: tf.engine().runKernel(FUSED_KERNELS.joinRows, { first: first.x, second: second.x }, attributes), starts };
}

/** The reference: both in one table, and rows of it looked up. */
export function joinRowsComposite(first: PackedRows, second: PackedRows): tf.Tensor2D {
  const all = tf.concat([first.x, second.x]);
  const stretch = ({ starts }: PackedRows, row: number, behind: number) =>
    Array.from({ length: lengthsOf(starts)[row] ?? 0 }, (_, token) => behind + (starts[row] ?? 0) + token);
  const rows = [...first.starts.keys()].slice(0, -1);
  const order = rows.flatMap((row) => [...stretch(first, row, 0), ...stretch(second, row, first.x.shape[0])]);
  return tf.gather(all, tf.tensor1d(order, 'int32'));
}

function requireFit(first: PackedRows, second: PackedRows): void {
  const covers = ({ x, starts }: PackedRows) => starts.at(-1) === x.shape[0];
  const isAlike = first.x.shape[1] === second.x.shape[1] && first.starts.length === second.starts.length;
  if (isAlike && covers(first) && covers(second)) return;
  const at = (starts: Starts) => starts.join(', ');
  throw new Error(
    `joinRows: ${formatShapes({ first: first.x, second: second.x })} with rows that start at ${at(first.starts)} and at ${at(second.starts)} do not fit.`,
  );
}
