/** The same text with different labels: a model can learn only one of them, and one of the rows scores as wrong. */
import type { RowView } from '../shapes/shape';
import { haveEqualTargets, twinAt } from './duplicates';
import { rowsPerStep, type DigestRows } from './digest-rows';
import type { FileFinding, Findings } from './rule';

export function* findConflictingLabels(rows: DigestRows): Findings {
  if (!rows.isLabelled) return;
  const { first } = yield* rows.firstOfEqual('input');
  const other = yield* firstWithOtherLabel(rows, first);
  if (other.size === 0) return;
  for (let row = 0; row < rows.count; row++) {
    if (row % rowsPerStep === 0) yield undefined;
    const start = first[row] ?? row;
    const twin = other.get(start);
    if (twin === undefined || rows.numbers('length')[row] === 0) continue;
    yield describe(rows, row, haveEqualTargets(rows, row, rows, start) ? twin : start);
  }
}

/** By the first row of a text: the first row that has this text and another label. */
function* firstWithOtherLabel(rows: DigestRows, first: Int32Array): Generator<undefined, Map<number, number>, void> {
  const other = new Map<number, number>();
  for (let row = 0; row < rows.count; row++) {
    if (row % rowsPerStep === 0) yield undefined;
    const start = first[row] ?? row;
    if (start !== row && !other.has(start) && !haveEqualTargets(rows, row, rows, start)) other.set(start, row);
  }
  return other;
}

function describe(rows: DigestRows, row: number, twin: number): FileFinding {
  const [here, there] = [rows.viewOf(row), rows.viewOf(twin)];
  return {
    code: 'conflicting-labels',
    place: rows.placeOf(row),
    path: here?.target.path ?? rows.inputPathOf(row),
    message: `The same text has ${nameTarget(there)} in another row, and ${nameTarget(here)} here. Keep the one that is right.`,
    twin: {
      ...twinAt(rows, twin, `The same text with ${nameTarget(there)}.`),
      path: there?.target.path ?? rows.inputPathOf(twin),
    },
  };
}

function nameTarget(view: RowView | undefined): string {
  if (view === undefined || view.kind === 'token-tags') return 'other tags';
  if (view.kind === 'multi-label')
    return view.target.text === '' ? 'no labels' : `the labels ${JSON.stringify(view.target.text)}`;
  return `the label ${JSON.stringify(view.target.text)}`;
}
