/** What the dataset report is made of: what linting says of each file, as plain data. */
import { isAbsolute, relative, sep } from 'node:path';
import { splits, type Split } from '../../protocol';
import type { LintedFile } from '../lint/linted-file';

export type ReportInput = Omit<LintedFile, 'fingerprintOf'>;

/** A file that temper.json names as a set of rows. */
export type SplitInput = ReportInput & { readonly split: Split };

/** In the order of the splits, train first. */
export function splitInputs(files: readonly ReportInput[]): SplitInput[] {
  return splits.flatMap((split) => files.flatMap((file) => (file.split === split ? [{ ...file, split }] : [])));
}

/** As temper.json would name it. */
export function nameInProject(projectDir: string, file: string): string {
  const path = relative(projectDir, file);
  return path === '' || path.startsWith('..') || isAbsolute(path) ? file : path.split(sep).join('/');
}
