/** Fields that few rows have and nothing reads: often a misspelt name, or rows of another source. */
import { nearestName } from '../../protocol';
import { quote } from './describe-value';
import { namesRead } from './registry';
import type { Shape, ShapeMatch } from './shape';

export interface FieldCounts {
  /** How many rows have each field. */
  readonly counts: ReadonlyMap<string, number>;
  readonly rows: number;
}

/** About the file as a whole; `name` is what to look for in a row. */
export interface ExtraField {
  readonly code: 'extra-field';
  readonly name: string;
  readonly message: string;
}

/** A field is a rare one in fewer than one row of twenty. */
const rareShare = 0.05;

/** The rarest first. */
export function findExtraFields(
  { counts, rows }: FieldCounts,
  { shape, match }: { shape: Shape; match: ShapeMatch },
): ExtraField[] {
  const names = namesRead(shape, match.columns);
  const extra = [...counts].filter(([name, count]) => count > 0 && count < rows * rareShare && !names.has(name));
  return extra
    .sort(([, a], [, b]) => a - b)
    .map(([name, count]) => ({ code: 'extra-field', name, message: describe(name, { count, rows, names: [...names] }) }));
}

function describe(name: string, { count, rows, names }: { count: number; rows: number; names: readonly string[] }): string {
  const nearest = nearestName(name, names);
  const advice = nearest === undefined ? 'Nothing reads it.' : `Nothing reads it. Did you mean "${nearest}"?`;
  return `Only ${count} of ${rows} rows ${count === 1 ? 'has' : 'have'} the field ${quote(name)}. ${advice}`;
}
