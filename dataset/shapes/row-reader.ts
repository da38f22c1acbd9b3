/**
 * Reads the rows of one file, one after the other. A row that has all that another shape needs is said to be of that shape,
 * instead of what it lacks of the file's own.
 */
import type { SourceRow } from '../formats/format';
import type { RowFinding } from '../rules/rule';
import { joinWords, quote } from './describe-value';
import { removeRow } from './fields';
import { namesRead, shapes } from './registry';
import type { DataRow } from './rows';
import type { Columns, ReadingContext, Shape, ShapeMatch } from './shape';

export interface RowReaderOptions {
  readonly shape: Shape;
  readonly match: ShapeMatch;
  /** Absolute: what paths of images are relative to. */
  readonly folder: string;
  readonly report: (finding: RowFinding, row: SourceRow) => void;
}

/** `undefined` for a row with a fault; a warning leaves the row as it is. */
export function createRowReader({ shape, match, folder, report }: RowReaderOptions): (row: SourceRow) => DataRow | undefined {
  const { columns, tagScheme } = match;
  const found: RowFinding[] = [];
  const names = namesRead(shape, columns);
  const context: ReadingContext = { columns, tagScheme, folder, names, report: (finding) => void found.push(finding) };
  return (row) => {
    const read = shape.read(row, context);
    if (found.length === 0) return read;
    const findings = found.splice(0);
    const mixed = findMixed(findings, { shape, row, context });
    for (const finding of mixed ? [mixed] : findings) report(finding, row);
    return read;
  };
}

interface Misread {
  readonly shape: Shape;
  readonly row: SourceRow;
  readonly context: ReadingContext;
}

function findMixed(
  findings: readonly RowFinding[],
  { shape, row, context: { columns, names } }: Misread,
): RowFinding | undefined {
  const isIncomplete = findings.some(({ code, path }) => code === 'missing-field' && path.length === 0);
  if (!isIncomplete) return undefined;
  const other = shapes.find((candidate) => {
    const needed = neededNames(candidate, columns, row);
    const isWhole = needed.every((name) => Object.hasOwn(row.value, name)) && needed.some((name) => !names.has(name));
    return candidate !== shape && isWhole && (candidate.fits?.(row.value, columns) ?? true);
  });
  if (!other) return undefined;
  const [own, rest] = [neededNames(other, columns, row), neededNames(shape, columns, row)].map((list) =>
    joinWords(list.map(quote)),
  );
  const message = `This row has ${own ?? ''}, the rest of the file ${rest ?? ''}. Put rows of one shape into a file.`;
  return { code: 'mixed-shapes', path: [], message, fix: removeRow };
}

function neededNames(shape: Shape, columns: Columns, { value }: SourceRow): string[] {
  return shape.fields(columns, [value]).needed.flatMap((field) => columns[field] ?? []);
}
