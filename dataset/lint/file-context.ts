/** How the blocks of one file are read: its format, its shape, its severities. Told from the head of the file. */
import { basename, dirname } from 'node:path';
import type { Problem, TextRange } from '../../protocol';
import { openConll } from '../formats/conll';
import { openDelimited } from '../formats/delimited';
import { detectFormat } from '../formats/detect-format';
import type { BlockParser, DetectedFormat, OpenFormat, SourceRow } from '../formats/format';
import { openJsonArray } from '../formats/json-array';
import { openJsonl } from '../formats/jsonl';
import { openPlainText } from '../formats/plain-text';
import { detectShape, type DetectedShape } from '../shapes/detect-shape';
import { firstPlace } from '../text-position';
import type { FileRole } from './file-role';
import { fixSettings } from './fix-settings';
import { measureText } from './position';
import { Severities } from './severities';

type TextFormatName = Exclude<DetectedFormat['format'], 'parquet' | 'image-folder'>;
export type TextFormat = DetectedFormat & { readonly format: TextFormatName };

const formats: Readonly<Record<TextFormatName, OpenFormat>> = {
  jsonl: openJsonl,
  json: openJsonArray,
  csv: openDelimited(','),
  tsv: openDelimited('\t'),
  conll: openConll,
  text: openPlainText,
};

export interface FileContext {
  readonly role: FileRole;
  readonly format: DetectedFormat;
  /** Absent for files that are not text. */
  readonly parser: BlockParser | undefined;
  readonly shape: DetectedShape;
  readonly severities: Severities;
  readonly folder: string;
  /** Where a fault of the whole file is shown. */
  readonly head: TextRange;
  /** When an edit changes it, all blocks are read again. */
  readonly key: string;
  /** How much of the text told all that. */
  readonly headUnits: number;
}

/** What is looked at to tell how a file is read. */
export const headUnits = 65_536;
const rowsLookedAt = 100;
const longestHead = 200;

export function isTextFormat(format: DetectedFormat): format is TextFormat {
  return format.format in formats;
}

/** Of a text that begins where its file does; a problem when nothing tells what it is. */
export function openHead(role: FileRole, text: string): FileContext | Problem {
  const inMemory = { ...role.data, encoding: 'utf-8' } as const; // as Buffer writes it
  const format = detectFormat(basename(role.file), Buffer.from(text.slice(0, headUnits)), inMemory);
  if ('code' in format) return format;
  const { encoding } = role.data;
  return isTextFormat(format) ? openText(role, { ...format, encoding }, text) : unreadableAsText(format);
}

export function openText(role: FileRole, format: TextFormat, text: string): FileContext {
  const parser = formats[format.format](text.slice(0, headUnits), role.data);
  const { samples, units } = readSamples(parser, text);
  const names = parser.columns ?? collectNames(samples);
  return { ...createContext(role, { format, parser, names, samples, head: firstLine(text) }), headUnits: units };
}

/** Whether a text that is only the beginning of its file tells how all of it is read. */
export function tellsEnough({ parser, headUnits: units }: FileContext, text: string): boolean {
  return text.length > headUnits && (parser === undefined || units < text.length || findHeadCut(parser, text) > 0);
}

/** The first rows in the head; where the first one is longer than that, that one. */
function readSamples(parser: BlockParser, text: string): { samples: SourceRow['value'][]; units: number } {
  for (let units = headUnits; ; units *= 2) {
    const head = text.slice(0, units);
    const isLast = head.length === text.length;
    const cut = isLast ? head.length : findHeadCut(parser, head);
    const { rows } = parser.parse(head.slice(0, cut), { isFirst: true, isLast });
    if (rows.length === 0 && !isLast && cut < head.length / 2) continue;
    return { samples: rows.slice(0, units > headUnits ? 1 : rowsLookedAt).map(({ value }) => value), units };
  }
}

function findHeadCut(parser: BlockParser, head: string): number {
  return parser.findCut(head, { isFirst: true, isLast: false });
}

function unreadableAsText({ format }: DetectedFormat): Problem {
  const message = `This is text, and temper.json says that it is ${format}.`;
  return { ...firstPlace, code: 'unknown-format', severity: 'error', message };
}

/** Of the header, or of the first row. */
function firstLine(text: string): TextRange {
  const blanks = /^[\r\n]*/.exec(text)?.[0] ?? '';
  const line = measureText(blanks).lines + 1;
  const length = text.slice(blanks.length, blanks.length + longestHead).search(/[\r\n]|$/);
  return { line, column: 1, endLine: line, endColumn: length + 1 };
}

export interface Opening {
  readonly format: DetectedFormat;
  readonly parser?: BlockParser;
  readonly names: readonly string[];
  readonly samples: readonly Readonly<Record<string, unknown>>[];
  /** Where a fault of the whole file is shown. */
  readonly head: TextRange;
}

export function createContext(role: FileRole, { format, parser, names, samples, head }: Opening): FileContext {
  const isFolder = format.format === 'image-folder';
  const isImageFolder = isFolder || role.isImageMetadata === true;
  const shape = detectShape({ names, samples, task: role.task, data: role.data, isImageFolder, head });
  return {
    ...{ role, format, parser, shape, head },
    severities: new Severities(role),
    folder: isFolder ? role.file : dirname(role.file),
    key: [format.format, parser?.key, keyOfShape(shape)].join('|'),
    headUnits,
  };
}

function keyOfShape(found: DetectedShape): string {
  if (found.kind === 'unknown') return JSON.stringify(found.problems);
  const { columns, tagScheme } = found.match;
  return JSON.stringify([found.shape.name, columns, tagScheme?.name]);
}

export function collectNames(values: readonly Readonly<Record<string, unknown>>[]): string[] {
  return [...new Set(values.flatMap((value) => Object.keys(value)))];
}

/** What is wrong with a file whose rows have no shape that is known; the advice becomes a fix of temper.json. */
export function headProblems(context: FileContext | undefined): readonly Problem[] {
  if (context === undefined || context.shape.kind === 'found') return [];
  const { project } = context.role;
  return context.shape.problems.map(({ advice, ...problem }) => {
    const fix = project && fixSettings(project.text, advice);
    return fix ? { ...problem, fixes: [{ ...fix, file: project.configFile }] } : problem;
  });
}
