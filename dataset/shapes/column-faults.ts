/** A file without the columns that the config names: what is missing, what was probably meant, and which setting says so. */
import type { ColumnField, Problem, ShapeName, TextRange } from '../../protocol';
import { meaningOf, nearestColumn, recogniseColumns } from './column-names';
import { joinWords, listNames, quote } from './describe-value';
import { missingFields, shapeNamed, taskShapes, type TaskType } from './registry';
import type { Columns, Samples, Shape } from './shape';

/** A setting of temper.json that would make the file right. */
export interface ColumnAdvice {
  /** Such as "data.labelColumn". */
  readonly setting: string;
  readonly value: string | { readonly type: TaskType };
}

export interface ColumnProblem extends Problem {
  /** To be set together; empty when nobody knows. */
  readonly advice: readonly ColumnAdvice[];
}

export interface FileColumns {
  readonly names: readonly string[];
  readonly samples: Samples;
  readonly columns: Columns;
  /** Where the fault is shown: the header, or the first row. */
  readonly head: TextRange;
}

/** One problem for each column that the shape needs and the file does not have. */
export function reportMissingColumns(shape: Shape, file: FileColumns): ColumnProblem[] {
  const { names, samples, columns, head } = file;
  const { needed } = shape.fields(columns, samples);
  const missing = missingFields(shape, names, columns, samples);
  const free = names.filter((name) => name !== '' && !needed.some((field) => columns[field] === name));
  const found = recogniseColumns(needed, names, columns);
  return missing.map((field) => {
    const near = nearestColumn(field, free, columns);
    const meant = near ?? found.get(field) ?? byOrder(shape, field, file);
    const pair = field === 'textColumn' ? found.get('textPairColumn') : undefined;
    const advice =
      meant === undefined
        ? []
        : [adviseColumn(field, meant), ...(pair === undefined ? [] : [adviseColumn('textPairColumn', pair)])];
    const question = near === undefined ? describeFound(field, meant, names) : `Did you mean "${near}"?`;
    return columnProblem(
      head,
      `There is no column "${columns[field] ?? ''}". ${question} ${describeSettings(shape, file)}`,
      advice,
    );
  });
}

export function columnProblem(head: TextRange, message: string, advice: readonly ColumnAdvice[]): ColumnProblem {
  return { ...head, code: 'missing-column', severity: 'error', message, advice };
}

function adviseColumn(field: ColumnField, value: string): ColumnAdvice {
  return { setting: `data.${field}`, value };
}

function describeFound(field: ColumnField, meant: string | undefined, names: readonly string[]): string {
  const named = names.filter((name) => name !== '');
  const found = named.length > 0 ? `The columns are ${listNames(named)}.` : 'No column has a name.';
  return meant === undefined ? found : `${found} Is ${quote(meant)} ${meaningOf(field)}?`;
}

/** In sentence-transformers the order of the columns decides; asked only where their names say nothing. */
function byOrder(shape: Shape, field: ColumnField, { names, samples, columns }: FileColumns): string | undefined {
  if (shape.name !== 'embedding' || recogniseColumns(['anchorColumn', 'positiveColumn'], names, columns).size > 0)
    return undefined;
  const texts = names.filter((name) => samples.every((value) => typeof value[name] === 'string'));
  return texts[['anchorColumn', 'positiveColumn', 'negativeColumn'].indexOf(field)];
}

/** The settings that name the columns, or the task that the columns are right for. */
function describeSettings(shape: Shape, { names, samples, columns }: FileColumns): string {
  const task = otherTask([shape.name], { names, samples, columns });
  if (task) return describeTask(task);
  return `The names are set by ${joinWords(settingsOf(shape, columns, samples))} in temper.json.`;
}

function settingsOf(shape: Shape, columns: Columns, samples: Samples): string[] {
  return shape.fields(columns, samples).needed.map((field) => `"data.${field}"`);
}

/** The task whose rows these are, when it is not the one of the shapes that were looked for. */
export function otherTask(
  wanted: readonly ShapeName[],
  { names, samples, columns }: Omit<FileColumns, 'head'>,
): TaskType | undefined {
  const isWhole = (name: ShapeName) => missingFields(shapeNamed(name), names, columns, samples).length === 0;
  const tasks: readonly TaskType[] = ['text-classification', 'instruction-tuning'];
  return tasks.find((task) => !taskShapes[task].some((name) => wanted.includes(name)) && taskShapes[task].some(isWhole));
}

export function describeTask(task: TaskType): string {
  const rows = task === 'instruction-tuning' ? 'conversations' : 'rows of a text and its label';
  return `For ${rows}, set "task" to { "type": "${task}" } in temper.json.`;
}
