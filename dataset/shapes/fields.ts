/**
 * Reads the fields of a row, whatever its shape. What is wrong with a field is reported at its value, and the field is
 * then `undefined`; all fields of a row are read, so that all of its faults are found.
 */
import { nearestName, type ProblemCode } from '../../protocol';
import type { SourceRow } from '../formats/format';
import type { FindingFix } from '../rules/rule';
import { describeValue } from './describe-value';
import type { ReadingContext } from './shape';

/** A string that is not blank. */
export function readText(row: SourceRow, name: string, context: ReadingContext): string | undefined {
  const value = row.value[name];
  if (typeof value === 'string' && !isBlank(value)) return value; // no inherited property is a string
  return reportText(row, name, context);
}

/** Empty where the field is not there, null or blank. */
export function readOptionalText(row: SourceRow, name: string, context: ReadingContext): string | undefined {
  const value = ownValue(row.value, name);
  if (typeof value === 'string') return isBlank(value) ? '' : value;
  return value === undefined || value === null ? '' : reportText(row, name, context);
}

/** A string, or what can only be meant as one. */
export function readLabel(row: SourceRow, name: string, context: ReadingContext): string | undefined {
  const value = row.value[name];
  if (typeof value === 'string' && !isBlank(value)) return value;
  const isThere = Object.hasOwn(row.value, name);
  const label = isThere && typeof value !== 'string' ? labelOf(value) : undefined;
  if (label !== undefined) return label;
  if (!isThere || typeof value === 'string') return reportText(row, name, context);
  return reportWrongType(context, [name], `"${name}" is ${describeValue(value)}. ${labelAdvice(value)}`);
}

/** A list that is not empty. `advice` says what its elements are, such as "The tags are a list of strings.". */
export function readList(row: SourceRow, name: string, context: ReadingContext, advice: string): readonly unknown[] | undefined {
  const value = ownValue(row.value, name);
  if (value === undefined) return reportMissing(row, name, context);
  if (!Array.isArray(value)) return reportWrongType(context, [name], `"${name}" is ${describeValue(value)}. ${advice}`);
  if (value.length === 0) return reportEmpty(context, [name], `"${name}" is empty.`);
  const list: readonly unknown[] = value;
  return list;
}

/** `undefined` for what is inherited, too: a column may be called "constructor". */
export function ownValue(value: SourceRow['value'], name: string): unknown {
  return Object.hasOwn(value, name) ? value[name] : undefined;
}

/** Whether there is nothing but blanks; looks no further than the first character of most texts. */
export function isBlank(text: string): boolean {
  const first = text.charCodeAt(0);
  return !(first > 0x20 && first < 0x7f) && text.trim() === '';
}

/** Booleans and numbers that are exact are labels, too. */
export function labelOf(value: unknown): string | undefined {
  if (typeof value === 'string') return value;
  if (typeof value === 'boolean') return String(value);
  const isExact = typeof value === 'number' && (Number.isSafeInteger(value) || Math.abs(value) < Number.MAX_SAFE_INTEGER);
  return isExact ? String(value) : undefined;
}

export function labelAdvice(value: unknown): string {
  if (typeof value === 'number') return 'It is too large to be read exactly: put it in double quotes.';
  if (Array.isArray(value)) return 'A row has one label, not a list: write one string.';
  return 'The label must be a string.';
}

export const removeRow: FindingFix = { kind: 'remove-row', title: 'Remove this row', isSafe: false };

export function report(
  context: ReadingContext,
  code: ProblemCode,
  path: readonly string[],
  message: string,
  fix?: FindingFix,
): undefined {
  context.report(fix ? { code, path, message, fix } : { code, path, message });
}

export function reportWrongType(context: ReadingContext, path: readonly string[], message: string, fix?: FindingFix): undefined {
  return report(context, 'wrong-type', path, message, fix);
}

export function reportEmpty(context: ReadingContext, path: readonly string[], what: string): undefined {
  return report(context, 'empty-field', path, `${what} Fill it in, or remove the row.`, removeRow);
}

/** With the key that looks like a misspelling of it, and that nothing else reads. */
export function reportMissing({ value }: SourceRow, name: string, context: ReadingContext): undefined {
  const nearest = nearestName(
    name,
    Object.keys(value).filter((key) => !context.names.has(key)),
  );
  const advice = nearest === undefined ? 'Add it, or remove the row.' : `Did you mean "${nearest}"?`;
  const fix = nearest === undefined ? removeRow : renameKey([nearest], name);
  return report(context, 'missing-field', [], `This row has no "${name}". ${advice}`, fix);
}

/** Safe where only case and outer blanks differ. */
export function renameKey(path: readonly string[], name: string): FindingFix {
  const isSafe = path.at(-1)?.trim().toLowerCase() === name.toLowerCase();
  return { kind: 'rename-key', title: `Rename "${path.at(-1) ?? ''}" to "${name}"`, isSafe, path, name };
}

/** Reads a row to its end whatever is found on the way; a row with a fault is `undefined`. */
export function readWhole<Row>(context: ReadingContext, read: (counting: ReadingContext) => Row): Row | undefined {
  let faults = 0;
  const report = (finding: Parameters<ReadingContext['report']>[0]) => {
    faults++;
    context.report(finding);
  };
  const row = read({ ...context, report });
  return faults > 0 ? undefined : row;
}

function reportText(row: SourceRow, name: string, context: ReadingContext): undefined {
  const value = ownValue(row.value, name);
  if (value === undefined) return reportMissing(row, name, context);
  if (typeof value === 'string') return reportEmpty(context, [name], `"${name}" is empty.`);
  const message = `"${name}" is ${describeValue(value)}. The text must be a string in double quotes.`;
  return reportWrongType(
    context,
    [name],
    message,
    typeof value === 'number' && Number.isSafeInteger(value) ? asString(String(value)) : undefined,
  );
}

function asString(text: string): FindingFix {
  return { kind: 'replace-value', title: `Write it as the string "${text}"`, isSafe: true, text };
}
