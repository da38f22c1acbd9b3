/** Whether the better answers of preference rows are simply the longer ones: then a model learns length (Singhal et al. 2023). */
import type { DigestRows } from './digest-rows';
import type { Findings } from './rule';

const fewestPairs = 20;
const share = 0.65;
/** When most pairs agree, but fewer than that: how many times as long the one side is on the whole. */
const ratio = 1.5;
/** A sign test's z, two-sided: p < 0.001. */
const significant = 3.29;

interface Lengths {
  readonly pairs: number;
  readonly longer: number;
  readonly shorter: number;
  /** All chosen answers against all rejected ones. */
  readonly ratio: number;
}

export function* findLengthBias(rows: DigestRows): Findings {
  if (rows.kind !== 'preference') return;
  const lengths = compareLengths(rows);
  if (isBiased(lengths)) yield { code: 'length-bias', place: undefined, path: [], message: describe(lengths) };
}

function compareLengths(rows: DigestRows): Lengths {
  const [chosen, rejected] = [rows.numbers('chosenLength'), rows.numbers('rejectedLength')];
  let [longer, shorter, chosenUnits, rejectedUnits] = [0, 0, 0, 0];
  for (let row = 0; row < rows.count; row++) {
    const [better, worse] = [chosen[row] ?? 0, rejected[row] ?? 0];
    if (better > worse) longer++;
    if (better < worse) shorter++;
    chosenUnits += better;
    rejectedUnits += worse;
  }
  return { pairs: rows.count, longer, shorter, ratio: chosenUnits / Math.max(1, rejectedUnits) };
}

function isBiased({ pairs, longer, shorter, ratio: found }: Lengths): boolean {
  const z = (Math.abs(longer - shorter) - 1) / Math.sqrt(longer + shorter);
  if (pairs < fewestPairs || !(z > significant)) return false;
  const isLarge = longer > shorter ? found >= ratio : found <= 1 / ratio;
  return Math.max(longer, shorter) > share * pairs || isLarge;
}

function describe({ pairs, longer, shorter, ratio: found }: Lengths): string {
  const [word, count] = longer > shorter ? ['longer', longer] : ['shorter', shorter];
  const percent = Math.floor((100 * count) / pairs);
  return (
    `The chosen answer is the ${word} one in ${percent} % of ${pairs} pairs, and ${found.toFixed(1)} times as long as the rejected one on the whole. ` +
    `A model learns to be ${word} from that: add pairs where it is the other way round.`
  );
}
