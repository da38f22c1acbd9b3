/** Compares rows word for word: what their signatures only make likely. */
import { overlapOf } from './digest-signature';
import { candidatesKept, type Candidates } from './near-duplicates-search';
import type { NearTexts } from './near-duplicates-texts';

/** Of the different pieces of four letters that two texts have, the part that both have. */
const nearOverlap = 0.85;

export interface NearTwin {
  readonly twin: number;
  /** From `nearOverlap` to 1. */
  readonly overlap: number;
}

/** The first candidate of a row that is near indeed. Of rows with too many neighbours only the best is looked at. */
export function findNear(row: number, texts: NearTexts, others: NearTexts, candidates: Candidates): NearTwin | undefined {
  const start = row * candidatesKept;
  const looked = candidates.isCut[row] === 1 ? 1 : candidatesKept;
  const pieces = candidates.rows[start] === -1 ? undefined : texts.readPieces(row);
  if (pieces === undefined) return undefined;
  for (const twin of candidates.rows.subarray(start, start + looked)) {
    const overlap = twin < 0 ? 0 : overlapOf(pieces, others.readPieces(twin) ?? nothing);
    if (overlap >= nearOverlap && areInputsNear(texts.readInputPieces(row), others.readInputPieces(twin)))
      return { twin, overlap };
  }
  return undefined;
}

/** A long answer that two questions share makes no near-duplicates of them. */
function areInputsNear(pieces: Uint32Array | undefined, others: Uint32Array | undefined): boolean {
  return pieces === undefined || others === undefined || overlapOf(pieces, others) >= nearOverlap;
}

const nothing = new Uint32Array(0);
