/**
 * Tells whether the first row of a file names the columns or is data. It names them unless there is a sign that it is
 * data: a header taken for data costs a wrong row, data taken for a header costs every name.
 */
import type { FormatSettings } from './format';

type Cells = readonly string[];

/** What columns are called, and labels are not. */
const usualNames = new Set(
  'id,index,text,label,labels,sentence,content,title,body,category,class,target,topic,intent,sentiment,rating,score,review,message,prompt,completion,instruction,input,output,response,chosen,rejected,tokens,tags,image,file_name,caption,source,date,language'.split(
    ',',
  ),
);
const fewestRows = 3;
const wordsOfText = 4;

export function detectHeader(rows: readonly Cells[], settings: FormatSettings): { isThere: boolean; reasons: string[] } {
  const [first = [], ...rest] = rows;
  const known = first.find((cell) => usualNames.has(cell.trim().toLowerCase()) || isNamed(cell, settings));
  if (known !== undefined) return { isThere: true, reasons: [`the first row is the header: it has ${JSON.stringify(known)}`] };
  const sign = rest.length < fewestRows || rest.some((cells) => isSame(cells, first)) ? undefined : findSign(first, rest);
  if (sign === undefined)
    return { isThere: true, reasons: ['the first row is the header: it does not look like the rows below'] };
  return { isThere: false, reasons: [`the first row is data: ${sign}`] };
}

function isNamed(cell: string, { textColumn, tokensColumn, tagsColumn }: FormatSettings): boolean {
  return cell === textColumn || cell === tokensColumn || cell === tagsColumn;
}

/** A header that stands again where files were joined says nothing about the first. */
function isSame(cells: Cells, first: Cells): boolean {
  return cells.length === first.length && cells.every((cell, index) => cell === first[index]);
}

function findSign(first: Cells, rest: readonly Cells[]): string | undefined {
  for (const [index, cell] of first.entries()) {
    const column = rest.map((cells) => cells[index] ?? '').filter((other) => other !== '');
    if (cell === '' || column.length < fewestRows) continue;
    const isLabels = new Set(column).size * 2 <= column.length;
    if (isLabels && column.includes(cell)) return `${JSON.stringify(cell)} stands in its column ${index + 1} again`;
    const words = column.reduce((sum, other) => sum + countWords(other), 0) / column.length;
    if (words >= wordsOfText && countWords(cell) >= wordsOfText)
      return `it has a text in column ${index + 1}, as the rows below do`;
  }
  return undefined;
}

function countWords(text: string): number {
  return text.split(/\s+/).filter((word) => word !== '').length;
}
