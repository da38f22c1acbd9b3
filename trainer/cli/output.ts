/**
 * What the command line says, to two readers: people get words and a progress bar on stderr, programs get one JSON object
 * a line on stdout (`--json`). The last JSON line is the result, or the error.
 */
import { stripVTControlCharacters, styleText } from 'node:util';
import type { RunError } from '../../protocol';

export interface Output {
  readonly json: boolean;
  /** A line for programs; dropped without `--json`. */
  record(line: { readonly kind: string; readonly [key: string]: unknown }): void;
  /** A line for people; dropped with `--json`. */
  say(text: string): void;
  /** The line that changes in place, for people at a terminal; others get a new line at most every ten seconds. */
  progress(text: string): void;
  error(error: RunError): void;
}

type Style = Parameters<typeof styleText>[0];

/** Colours only where they are seen. */
export function paint(style: Style, text: string): string {
  return process.stderr.isTTY && process.env['NO_COLOR'] === undefined ? styleText(style, text) : text;
}

const plainProgressEveryMs = 10_000;

export function createOutput(json: boolean): Output {
  let lineInPlace = false;
  let plainProgressAtMs = -Infinity;
  const clear = () => {
    if (lineInPlace) process.stderr.write('\r\u001b[2K');
    lineInPlace = false;
  };
  const say = (text: string) => {
    if (json) return;
    clear();
    process.stderr.write(`${text}\n`);
  };
  return {
    json,
    say,
    record(line) {
      if (json) process.stdout.write(`${JSON.stringify(line)}\n`);
    },
    progress(text) {
      if (json) return;
      if (process.stderr.isTTY) {
        process.stderr.write(`\r\u001b[2K${fitLine(text, process.stderr.columns || 80)}`);
        lineInPlace = true;
      } else if (Date.now() - plainProgressAtMs >= plainProgressEveryMs) {
        plainProgressAtMs = Date.now();
        process.stderr.write(`${text}\n`);
      }
    },
    error({ code, message, hint, file, line }) {
      if (json)
        process.stdout.write(
          `${JSON.stringify({ kind: 'error', code, message, hint, ...(file !== undefined && { file }), ...(line !== undefined && { line }) })}\n`,
        );
      clear();
      if (json) return;
      const place = file === undefined || message.includes(file) ? '' : `\n  ${file}${line === undefined ? '' : `:${line}`}`;
      process.stderr.write(`${paint('red', 'Error:')} ${message}${place}\n${hint}\n`);
    },
  };
}

/** A line that wraps cannot be overwritten: one that is too long is cut, without its colours. */
function fitLine(text: string, columns: number): string {
  const plain = stripVTControlCharacters(text);
  return plain.length < columns ? text : plain.slice(0, columns - 1);
}
