/** Rows of tokens that lie one behind the other in a `[tokens, hidden]` tensor, without padding between them. */

/** Where each row starts, and behind them the end of the last: [rows + 1], never falling. */
export type Starts = Int32Array;

/** The starts of rows with these lengths. */
export function startsOf(lengths: readonly number[]): Starts {
  const starts = new Int32Array(lengths.length + 1);
  lengths.forEach((length, row) => (starts[row + 1] = (starts[row] ?? 0) + length));
  return starts;
}

/** Tokens in each row. */
export function lengthsOf(starts: Starts): number[] {
  return Array.from({ length: starts.length - 1 }, (_, row) => (starts[row + 1] ?? 0) - (starts[row] ?? 0));
}

/** The place of each token in its row, from 0: [tokens]. */
export function positionsOf(starts: Starts): Int32Array {
  const positions = new Int32Array(starts.at(-1) ?? 0);
  lengthsOf(starts).forEach((length, row) => {
    for (let position = 0; position < length; position++) positions[(starts[row] ?? 0) + position] = position;
  });
  return positions;
}
