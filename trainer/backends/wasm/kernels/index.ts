/** What the wasm module exports: every kernel of the backend. Addresses are bytes, counts and distances are floats. */
export { activate, activateGrad } from './activation';
export { adamW } from './adamw';
export { attention, attentionGrad, attentionScratchFloats } from './attention';
export { crossEntropyGrad, softmaxStatistics } from './cross-entropy';
export { binary, dropout } from './elementwise';
export { gatherRows, scatterAddRows } from './embedding';
export { gemm, gemmScratchBytes } from './gemm';
export { layerNorm, layerNormGammaGrad, layerNormGrad } from './normalization';
export { columnSums, rowSums, sumOfSquares } from './reductions';
export { transpose } from './transpose';
