/** Blocks of a few rows, so that small files have many. */
import { blockSize } from '../../../dataset/lint/blocks';

const usual = { ...blockSize };
/** Longer than the keys of the tests. */
const lookahead = 40;

export function setBlockUnits(units: number | undefined): void {
  Object.assign(blockSize, units === undefined ? usual : { units, lookahead });
}
