/**
 * Counts lines while a text goes by in pieces, so that a place in a piece is a place in the file, and knows which kinds of
 * line end there are. A piece never ends between the two halves of "\r\n".
 */
import type { Problem } from '../../protocol';

export interface LineEndCounts {
  /** "\n" alone. */
  readonly lf: number;
  /** "\r\n". */
  readonly crlf: number;
  /** "\r" alone. */
  readonly cr: number;
}

type Kind = keyof LineEndCounts;

const kinds = ['lf', 'crlf', 'cr'] as const;
const names: Readonly<Record<Kind, string>> = { lf: 'LF', crlf: 'CRLF', cr: 'CR' };

export class LineCounter {
  /** Where the next piece begins, from 1. */
  line = 1;
  column = 1;
  readonly counts: Readonly<LineEndCounts>;
  private readonly seen: Record<Kind, number> = { lf: 0, crlf: 0, cr: 0 };
  private readonly firsts = new Map<Kind, { readonly line: number; readonly column: number }>();

  constructor() {
    this.counts = this.seen;
  }

  add(text: string): void {
    let start = 0;
    let lineFeed = text.indexOf('\n');
    let carriageReturn = text.indexOf('\r');
    while (lineFeed >= 0 || carriageReturn >= 0) {
      const isReturn = carriageReturn >= 0 && (lineFeed < 0 || carriageReturn < lineFeed);
      const end = isReturn ? carriageReturn : lineFeed;
      const kind = !isReturn ? 'lf' : lineFeed === carriageReturn + 1 ? 'crlf' : 'cr';
      this.endLine(kind, this.column + end - start);
      start = end + (kind === 'crlf' ? 2 : 1);
      if (lineFeed >= 0 && lineFeed < start) lineFeed = text.indexOf('\n', start);
      if (isReturn) carriageReturn = text.indexOf('\r', start);
    }
    this.column += text.length - start;
  }

  private endLine(kind: Kind, column: number): void {
    if (this.seen[kind]++ === 0) this.firsts.set(kind, { line: this.line, column });
    this.line++;
    this.column = 1;
  }

  /** At the first line end of the rarest kind. */
  collectProblems(): Problem[] {
    const found = kinds.filter((kind) => this.seen[kind] > 0).sort((a, b) => this.seen[b] - this.seen[a]);
    const rarest = found.at(-1);
    const place = rarest && this.firsts.get(rarest);
    if (found.length < 2 || !place) return [];
    const counts = found.map((kind) => `${this.seen[kind]} in ${names[kind]}`).join(', ');
    return [
      {
        ...{ ...place, endLine: place.line + 1, endColumn: 1 },
        code: 'mixed-line-endings',
        severity: 'warning',
        message: `The line ends are mixed: ${counts}; this is the first of the rarest. Save the file with one kind.`,
      },
    ];
  }
}
