/** The kernel of trainer/ops/join-rows.ts: whole stretches of memory are copied, so JavaScript does it as fast. */
import type * as tf from '../../../tensors';
import { filledOutput, type KernelCall } from '../kernel-call';

export function joinRowsKernel(call: KernelCall): tf.TensorInfo {
  const { memory } = call.backend.heap;
  const [[firstTokens, width], [secondTokens]] = [call.matrixShape('first'), call.matrixShape('second')];
  const sources = [
    { address: call.address('first'), starts: call.numbers('firstStarts') },
    { address: call.address('second'), starts: call.numbers('secondStarts') },
  ];
  const rows = call.numbers('firstStarts').length - 1;
  return filledOutput(call.backend, [firstTokens + secondTokens, width], (out) => {
    const bytes = new Uint8Array(memory.buffer); // made here: the heap may have grown for the output
    let to = out;
    for (let row = 0; row < rows; row++)
      for (const { address, starts } of sources) {
        const [from = 0, end = 0] = starts.slice(row, row + 2).map((token) => address + token * width * 4);
        bytes.copyWithin(to, from, end);
        to += end - from;
      }
  });
}
