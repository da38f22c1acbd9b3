/**
 * Mends a file on disk: lints it, applies the fixes, and lints again until there is nothing to mend. It touches nothing
 * that it does not understand: bytes that no fix is about stay as they are, and a file that cannot be written back
 * exactly is left alone, with the reason.
 */
import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import type { EncodingName, Fix, FormatName, Problem, ProblemCode } from '../../protocol';
import type { LintedFile } from '../lint/linted-file';
import { pickFixes, type Replacement } from './apply-edits';
import { unifyLineEndings } from './line-endings';
import { replaceFile } from './replace-file';
import { readReversibly, type ReversibleText } from './reversible-text';

export interface FixOptions {
  /** All problems of the file, as it is on disk now. */
  readonly lint: (file: string) => Promise<LintedFile>;
  /** Also fixes that may be wrong: the first one of each problem. */
  readonly isUnsafeToo: boolean;
  readonly signal?: AbortSignal;
}

export interface FixedFile {
  readonly file: string;
  /** Problems by their code. */
  readonly fixed: ReadonlyMap<ProblemCode, number>;
  /** How often the file was written. */
  readonly rounds: number;
  /** Why it was not mended, or not to its end, as a sentence. */
  readonly leftAlone?: string;
  /** As it is now. */
  readonly linted: LintedFile;
}

const mostRounds = 10;
/** About half of what one string can hold. */
const mostBytes = 256 * 2 ** 20;

export async function fixFile(file: string, options: FixOptions): Promise<FixedFile> {
  const fixed = new Map<ProblemCode, number>();
  for (let rounds = 0; ; rounds++) {
    const before = await readFile(file);
    const linted = await options.lint(file);
    const result = { file, fixed, rounds, linted };
    const wanted = linted.problems.filter((problem) => isMendable(problem, file, options));
    if (wanted.length === 0) return result;
    if (rounds === mostRounds) return { ...result, leftAlone: `${count(wanted.length)} left after ${mostRounds} rounds.` };
    options.signal?.throwIfAborted();
    if (Buffer.compare(await readFile(file), before) !== 0) return { ...result, leftAlone: changedMeanwhile };
    const mended = mend(before, { linted, wanted, isUnsafeToo: options.isUnsafeToo });
    if (typeof mended === 'string') return { ...result, leftAlone: mended };
    if (!(await replaceFile(file, { before, after: mended.bytes }))) return { ...result, leftAlone: changedMeanwhile };
    for (const code of mended.codes) fixed.set(code, (fixed.get(code) ?? 0) + 1);
  }
}

const changedMeanwhile = 'Something else changed the file while it was read. Lint it again.';

/** Whether `fixFile` has something for it. Of safe fixes any, of others only the first: it is the best. */
export function isMendable(problem: Problem, file: string, options: Pick<FixOptions, 'isUnsafeToo'>): boolean {
  if (problem.file !== undefined && problem.file !== file) return false;
  return isAboutWholeFile(problem) || chooseFix(problem, file, options) !== undefined;
}

/** No edit of the text can express what mends these. */
function isAboutWholeFile({ code }: Problem): boolean {
  return code === 'byte-order-mark' || code === 'mixed-line-endings';
}

/** A fix that changes another file, such as temper.json, is for a person to choose. */
function chooseFix({ fixes = [] }: Problem, file: string, { isUnsafeToo }: Pick<FixOptions, 'isUnsafeToo'>): Fix | undefined {
  const isHere = (fix: Fix) => fix.file === undefined || fix.file === file;
  const [best] = fixes;
  if (isUnsafeToo && best && isHere(best)) return best;
  return fixes.find((fix) => fix.isSafe && isHere(fix));
}

interface Order {
  readonly linted: LintedFile;
  readonly wanted: readonly Problem[];
  readonly isUnsafeToo: boolean;
}

interface Mended {
  readonly bytes: Uint8Array;
  readonly codes: readonly ProblemCode[];
}

/** A string says why not. */
function mend(before: Uint8Array, order: Order): Mended | string {
  const { file, format } = order.linted;
  if (format === undefined) return `${basename(file)} is no file of rows.`;
  if (format.format === 'parquet' || format.format === 'image-folder') return 'Only files of text can be mended.';
  if (before.length > mostBytes) return `The file is larger than ${mostBytes / 2 ** 20} MB. Split it to have it mended.`;
  const source = readReversibly(before, format.encoding);
  if (source === undefined) return cannotWriteBack(format.encoding);
  return mendText(source, order, format.format) ?? 'What is left needs a person.';
}

function cannotWriteBack(encoding: EncodingName): string {
  if (encoding === 'utf-8') return 'Some of its bytes are not UTF-8. Save the file as UTF-8 first.';
  return `Its bytes are not ${encoding}, or could not be written back exactly. Save the file as UTF-8 first.`;
}

/** Line ends come last, in a round of their own: they would overlap with everything else. */
function mendText(
  source: ReversibleText,
  { linted, wanted, isUnsafeToo }: Order,
  format: FormatName,
): Mended | string | undefined {
  const dropsMark = source.markBytes > 0 && wanted.some(({ code }) => code === 'byte-order-mark');
  const items = wanted.flatMap((problem) => {
    const fix = isAboutWholeFile(problem) ? undefined : chooseFix(problem, linted.file, { isUnsafeToo });
    return fix?.edits.every(({ text }) => source.canWrite(text)) ? [{ code: problem.code, fix }] : [];
  });
  const { taken, replacements } = pickFixes(source.text, items);
  const codes = taken.map(({ code }) => code);
  if (dropsMark || !isIdle(source.text, replacements))
    return { bytes: source.replace(replacements, { dropsMark }), codes: dropsMark ? ['byte-order-mark', ...codes] : codes };
  return wanted.some(({ code }) => code === 'mixed-line-endings') ? mendLineEnds(source, linted, format) : undefined;
}

function mendLineEnds(source: ReversibleText, { problems }: LintedFile, format: FormatName): Mended | string {
  if (problems.some(({ code }) => code === 'unclosed-quote')) return 'Line ends are made one kind when every quote is closed.';
  const lineEnds = unifyLineEndings(source.text, format);
  if (lineEnds.length === 0) return 'Its line ends differ only inside of quoted cells, where they are a part of the value.';
  return { bytes: source.replace(lineEnds, { dropsMark: false }), codes: ['mixed-line-endings'] };
}

/** Whether the text would stay as it is. */
function isIdle(text: string, replacements: readonly Replacement[]): boolean {
  return replacements.every(({ start, end, text: inserted }) => text.slice(start, end) === inserted);
}

function count(problems: number): string {
  return problems === 1 ? '1 problem is' : `${problems} problems are`;
}
