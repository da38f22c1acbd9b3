/** The rows of a parsed block as the shape of the file reads them: what is linted, shown and trained on. */
import type { Problem } from '../../protocol';
import type { ParsedBlock, SourceRow } from '../formats/format';
import { createRowReader } from '../shapes/row-reader';
import type { DataRow } from '../shapes/rows';
import type { RowView } from '../shapes/shape';
import type { FileContext } from './file-context';
import { problemOfFinding } from './finding-problem';

export interface ReadRow {
  readonly source: SourceRow;
  readonly row: DataRow;
}

export interface ReadBlock {
  /** Those without a fault of shape. In a file whose shape is not known, all, as plain text. */
  readonly rows: readonly ReadRow[];
  readonly problems: readonly Problem[];
  /** Whether the rows are of the file's shape and can be trained on. */
  readonly isTrainable: boolean;
}

export function readRows({ shape: found, folder, parser }: FileContext, { rows: sources }: ParsedBlock): ReadBlock {
  if (found.kind !== 'found') return { rows: sources.map(asText), problems: [], isTrainable: false };
  const { shape, match } = found;
  const problems: Problem[] = [];
  const rows: ReadRow[] = [];
  const read = createRowReader({
    ...{ shape, match, folder },
    report: (finding, source) => void problems.push(problemOfFinding(finding, { source, parser })),
  });
  for (const source of sources) {
    const row = read(source);
    if (row !== undefined) rows.push({ source, row });
  }
  return { rows, problems, isTrainable: true };
}

export function viewRow({ shape: found }: FileContext, { row, source }: ReadRow): RowView {
  return found.kind === 'found' ? found.shape.view(row, found.match.columns, source.value) : viewText(row);
}

/** All of its values, so that at least duplicates are found. */
function asText(source: SourceRow): ReadRow {
  const values = Object.values(source.value).map((value) => (typeof value === 'string' ? value : JSON.stringify(value)));
  return { source, row: { kind: 'text', line: source.line, text: values.join('\t') } };
}

function viewText(row: DataRow): RowView {
  const input = { path: [], text: row.kind === 'text' ? row.text : '' };
  return { kind: 'text', input, target: { path: [], text: '' }, labels: [], texts: [] };
}
