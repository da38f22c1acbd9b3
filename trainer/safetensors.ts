/**
 * Safetensors files, the door: a u64 header length, a JSON header, raw little-endian tensors. Reading is strict and all
 * mismatches are reported at once. What is behind it lies in safetensors/. https://huggingface.co/docs/safetensors
 */
export { type Dtype, type WritableDtype } from './safetensors/dtypes';
export {
  readHashedSafetensors,
  readRawSafetensors,
  readSafetensors,
  type NamedTensor,
  type NamedTensors,
  type RawTensor,
  type RawTensors,
} from './safetensors/read';
export { listWeights, readWeights, type Weights } from './safetensors/weights';
export { encodeSafetensors, writeSafetensors, type DeferredTensor, type WriteOptions } from './safetensors/write';
