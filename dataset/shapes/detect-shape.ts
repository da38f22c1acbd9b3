/**
 * Which shape the rows of a file have. In a project the config decides: its shape, or those of its task, with the names of
 * its columns; a file that does not have them is wrong. A file that no project names is what its columns look like.
 */
import type { ColumnField, DataConfig, ShapeName, TextRange } from '../../protocol';
import {
  columnProblem,
  describeTask,
  otherTask,
  reportMissingColumns,
  type ColumnProblem,
  type FileColumns,
} from './column-faults';
import { meaningOf, nearestColumn, recogniseColumns, type Found } from './column-names';
import { joinWords, listNames, quote } from './describe-value';
import { missingFields, shapeNamed, shapes, taskShapes, type TaskType } from './registry';
import type { Columns, Samples, Shape, ShapeMatch } from './shape';
import { recogniseTagScheme } from './tag-scheme';
import { firstPlace } from '../text-position';

export type DetectedShape =
  | { readonly kind: 'found'; readonly shape: Shape; readonly match: ShapeMatch }
  /** `problems` say what is missing. */
  | { readonly kind: 'unknown'; readonly problems: readonly ColumnProblem[] };

export interface ShapeQuestion {
  /** Of the columns, or of all keys of the first rows. */
  readonly names: readonly string[];
  readonly samples: Samples;
  /** Undefined for a file that no project names. */
  readonly task: TaskType | undefined;
  readonly data: DataConfig;
  readonly isImageFolder?: boolean;
  /** Where a fault of the whole file is shown; its first line when absent. */
  readonly head?: TextRange;
}

const imageShapes: readonly ShapeName[] = ['image-classification', 'image-caption'];

export function detectShape({
  names,
  samples,
  task,
  data,
  isImageFolder = false,
  head = firstPlace,
}: ShapeQuestion): DetectedShape {
  const file: FileColumns = { names, samples, columns: columnsOf(data), head };
  if (data.shape) return detectNamed([data.shape], file, '"data.shape" in temper.json says so');
  if (isImageFolder) return detectImages(file, task);
  return task ? detectNamed(taskShapes[task], file, `the task is ${task}`, task) : detectFree(file);
}

function columnsOf(data: DataConfig): Columns {
  return data; // the other settings do no harm
}

/** Without a project, by names in use: the captions of a folder are often called "text". */
function detectImages(file: FileColumns, task: TaskType | undefined): DetectedShape {
  const free = task ? undefined : matchFree(imageShapes.map(shapeNamed), file);
  return free ?? detectNamed(imageShapes, file, 'the rows are a folder of images');
}

function detectNamed(names: readonly ShapeName[], file: FileColumns, reason: string, task?: TaskType): DetectedShape {
  const candidates = names.map(shapeNamed);
  const whole = candidates.filter((shape) => missingFields(shape, file.names, file.columns, file.samples).length === 0);
  const shape = mostRows(whole, file);
  if (shape) return found(shape, file, new Map(), [reason]);
  return { kind: 'unknown', problems: reportNamed(candidates, file, task) };
}

/** The shape that most of the first rows have; the first of equals. */
function mostRows(candidates: readonly Shape[], { samples, columns }: FileColumns): Shape | undefined {
  const counts = candidates.map((shape) => samples.filter((value) => isOfShape(shape, value, columns)).length);
  return candidates[counts.indexOf(Math.max(...counts))];
}

function isOfShape(shape: Shape, value: Samples[number], columns: Columns): boolean {
  const { needed } = shape.fields(columns, [value]);
  const isWhole = needed.every((field) => Object.hasOwn(value, columns[field] ?? ''));
  return isWhole && (shape.fits?.(value, columns) ?? true);
}

function reportNamed(candidates: readonly Shape[], file: FileColumns, task: TaskType | undefined): ColumnProblem[] {
  const [only, ...others] = candidates;
  const meant =
    others.length === 0
      ? only
      : (candidates.find((shape) => isNearly(shape, file)) ?? candidates.find((shape) => isBegun(shape, file)));
  if (meant) return reportMissingColumns(meant, file);
  const needed = candidates.map((shape) => joinWords(neededNames(shape, file).map(quote)));
  const other = task && otherTask(taskShapes[task], file);
  const settings = [...new Set(candidates.flatMap((shape) => shape.fields(file.columns, []).needed))].map(
    (field) => `"data.${field}"`,
  );
  const advice = other ? describeTask(other) : `The names are set by ${joinWords(settings)} in temper.json.`;
  const message = `The rows have neither ${joinWords(needed, 'nor')}. ${advice}`;
  return [columnProblem(file.head, message, other ? [{ setting: 'task', value: { type: other } }] : [])];
}

/** Every needed column is there under its name, one like it, or one that is in use for it; and its values can be meant. */
function isNearly(shape: Shape, { names, samples, columns }: FileColumns): boolean {
  const { needed } = shape.fields(columns, samples);
  const meant = new Map(recogniseColumns(needed, names, columns));
  for (const field of needed) {
    const free = names.filter((name) => ![...meant.values()].includes(name));
    const name = meant.get(field) ?? nearestColumn(field, free, columns);
    if (name === undefined) return false;
    meant.set(field, name);
  }
  return isOfMost(shape, samples, { ...columns, ...Object.fromEntries(meant) });
}

/** One of several needed columns is there. */
function isBegun(shape: Shape, { names, samples, columns }: FileColumns): boolean {
  return missingFields(shape, names, columns, samples).length < shape.fields(columns, samples).needed.length;
}

function neededNames(shape: Shape, { columns, samples }: FileColumns): string[] {
  return shape.fields(columns, samples).needed.flatMap((field) => columns[field] ?? []);
}

/** By exact names, then by names in use, then by names that look misspelt; whatever has a text is plain text at the least. */
function detectFree(file: FileColumns): DetectedShape {
  const rich = shapes.filter(({ name }) => name !== 'text');
  const plain = shapes.filter(({ name }) => name === 'text');
  const match = matchFree(rich, file);
  if (match) return match;
  const misspelt = rich.find((shape) => isNearly(shape, file) && isBegunOrAlone(shape, file));
  if (misspelt) return { kind: 'unknown', problems: reportMissingColumns(misspelt, file) };
  return matchFree(plain, file) ?? { kind: 'unknown', problems: [reportUnknown(file)] };
}

/** A misspelt name means little where nothing else speaks for the shape. */
function isBegunOrAlone(shape: Shape, file: FileColumns): boolean {
  return isBegun(shape, file) || neededNames(shape, file).length === 1;
}

function matchFree(candidates: readonly Shape[], file: FileColumns): DetectedShape | undefined {
  for (const isExact of [true, false]) {
    for (const shape of candidates) {
      const { needed, optional } = shape.fields(file.columns, file.samples);
      const recognised: Found = isExact ? new Map() : recogniseColumns([...needed, ...optional], file.names, file.columns);
      const columns = { ...file.columns, ...Object.fromEntries(recognised) };
      const isWhole = missingFields(shape, file.names, columns, file.samples).length === 0;
      if (isWhole && isOfMost(shape, file.samples, columns)) return found(shape, file, recognised, []);
    }
  }
  return undefined;
}

function isOfMost(shape: Shape, samples: Samples, columns: Columns): boolean {
  return samples.length === 0 || samples.filter((value) => isOfShape(shape, value, columns)).length * 2 > samples.length;
}

function found(shape: Shape, file: FileColumns, recognised: Found, reasons: readonly string[]): DetectedShape {
  const columns: Columns = { ...file.columns, ...Object.fromEntries(recognised) };
  const { needed } = shape.fields(columns, file.samples);
  const there = `the rows have ${joinWords(needed.map((field) => quote(columns[field] ?? '')))}`;
  const tagScheme = shape.name === 'token-tags' ? recogniseTagScheme(tagsOf(file.samples, columns)) : undefined;
  const told = tagScheme ? [`the tags are ${tagScheme.name.toUpperCase()}`] : [];
  const match = {
    columns,
    reasons: [...reasons, there, ...describeRecognised(recognised, file.columns), ...told],
    ...(tagScheme && { tagScheme }),
  };
  return { kind: 'found', shape, match };
}

function tagsOf(samples: Samples, { tagsColumn }: Columns): string[][] {
  return samples.map((value) => {
    const tags = value[tagsColumn];
    return Array.isArray(tags) ? tags.filter((tag) => typeof tag === 'string') : [];
  });
}

function describeRecognised(recognised: Found, columns: Columns): string[] {
  const renamed: [ColumnField, string][] = [...recognised].filter(([field, name]) => columns[field] !== name);
  return renamed.map(([field, name]) => `${quote(name)} is read as ${meaningOf(field)}`);
}

function reportUnknown({ names, head }: FileColumns): ColumnProblem {
  const named = names.filter((name) => name !== '');
  const what = named.length > 0 ? `No shape of rows has the columns ${listNames(named)}.` : 'No column has a name.';
  const advice = 'Rows have "text" and "label", or "messages", or "prompt" and "completion"; docs/rules.md lists all shapes.';
  return columnProblem(head, `${what} ${advice}`, []);
}
