/** Numbers and tables for people: Markdown, ready for README.md. */
import { cpus, totalmem } from 'node:os';
import { temperVersion } from '../inputs/assets';

export function formatTable(header: readonly string[], rows: readonly (readonly string[])[]): string {
  return [header, header.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}

/** Date, machine and versions, without which a figure says nothing. */
export function describeMachine(versions: Readonly<Record<string, string>> = {}): string {
  const machine = `${cpus().length} × ${cpus()[0]?.model ?? 'unknown processor'}, ${(totalmem() / 2 ** 30).toFixed(0)} GiB`;
  const programs = { temper: temperVersion(), node: process.version, ...versions };
  const named = Object.entries(programs).map(([name, version]) => `${name} ${version}`);
  return `${new Date().toISOString().slice(0, 10)}, ${machine}, ${process.platform} ${process.arch}, ${named.join(', ')}`;
}

export function formatMilliseconds(seconds: number): string {
  return (1000 * seconds).toFixed(0);
}

export function formatMegabytes(bytes: number): string {
  return (bytes / 1e6).toFixed(0);
}

export function formatSeconds(seconds: number | undefined): string {
  return seconds === undefined ? 'never' : seconds.toFixed(0);
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const [low, high] = [sorted[sorted.length % 2 === 0 ? middle - 1 : middle], sorted[middle]];
  return ((low ?? NaN) + (high ?? NaN)) / 2;
}
