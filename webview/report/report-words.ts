/** The names of things in the report: severities, formats, numbers of rows. */
import type { FormatName, Severity } from '../../protocol';
import { formatCount } from '../format';

export const severityTitles: Readonly<Record<Severity, string>> = { error: 'Error', warning: 'Warning', information: 'Hint' };

/** The shape says what the colour says. */
export const severityIcons: Readonly<Record<Severity, string>> = { error: '✕', warning: '⚠', information: '◇' };

export const formatTitles: Readonly<Record<FormatName, string>> = {
  jsonl: 'JSONL',
  json: 'JSON',
  csv: 'CSV',
  tsv: 'TSV',
  conll: 'CoNLL',
  text: 'plain text',
  parquet: 'Parquet',
  'image-folder': 'folder of images',
};

export function counted(count: number, one: string, many = `${one}s`): string {
  return `${formatCount(count)} ${count === 1 ? one : many}`;
}

/** "3 errors, 12 warnings"; nothing where there is nothing. */
export function formatProblems({ error, warning, information }: Readonly<Record<Severity, number>>): string {
  const counts = [
    error > 0 ? counted(error, 'error') : '',
    warning > 0 ? counted(warning, 'warning') : '',
    information > 0 ? counted(information, 'hint') : '',
  ];
  return counts.filter((count) => count !== '').join(', ');
}
