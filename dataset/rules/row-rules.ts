/** The rules that look at one row of any shape. */
import { findMojibake } from './mojibake';
import { findNullCharacters } from './null-character';
import { findPersonalData } from './personal-data';
import { noPreference } from './preference';
import type { RowRule } from './rule';
import { findSecrets } from './secrets';
import { findTruncation } from './truncation';

export const rowRules: readonly RowRule[] = [
  findNullCharacters,
  findMojibake,
  findTruncation,
  findSecrets,
  findPersonalData,
  noPreference,
];
