/** Edits in a file that is open in an editor: how long until the edited place has been linted again. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { LintSession } from '../dataset/lint/lint-session';
import type { LintedFile, TextChange } from '../dataset/lint/linted-file';
import { createRandom, type Random } from '../dataset/seeded-random';
import { createLintTools } from '../inputs/lint-tools';
import { formatRow } from './lint-data';
import { readPeakBytes } from './peak-memory';

const editCount = 200;
const limits = { maxProblems: 1000 };

export interface MeasuredEdits {
  /** From the edit to the first report on the file, which has the problems of the new text. */
  readonly editMs: readonly number[];
  /** Of the processor, in the same time: what an edit costs on a machine that has nothing else to do. */
  readonly cpuMs: readonly number[];
  readonly openSeconds: number;
  readonly openPeakBytes: number;
  /** With all edits made. */
  readonly peakBytes: number;
  readonly rows: number;
}

/** All rules have run over the file before the first edit, with the tokens of the project's model. */
export async function measureEdits(projectDir: string, name: string): Promise<MeasuredEdits> {
  const file = join(projectDir, name);
  const text = readFileSync(file, 'utf8');
  const session = new LintSession(projectDir, { tools: createLintTools(), limits });
  session.open(file, text);
  const began = performance.now();
  const opened = await lintToTheEnd(session, file);
  const [openSeconds, openPeakBytes] = [(performance.now() - began) / 1000, readPeakBytes()];
  const changes = placeEdits(text, file, createRandom(40));
  const times: { ms: number; cpuMs: number }[] = [];
  for (const change of changes) times.push(await timeEdit(session, file, change));
  const peakBytes = readPeakBytes();
  await check(session, { projectDir, file, text: applyAll(text, changes) });
  const [editMs, cpuMs] = [times.map(({ ms }) => ms), times.map((time) => time.cpuMs)];
  return { editMs, cpuMs, openSeconds, openPeakBytes, peakBytes, rows: opened.summary.rows };
}

async function timeEdit(session: LintSession, file: string, change: TextChange): Promise<{ ms: number; cpuMs: number }> {
  const [began, cpu] = [performance.now(), process.cpuUsage()];
  session.edit(file, [change]);
  for await (const linted of session.run()) {
    if (linted.file !== file) continue;
    const { user, system } = process.cpuUsage(cpu);
    return { ms: performance.now() - began, cpuMs: (user + system) / 1000 };
  }
  throw new Error('The session said nothing of an edit.');
}

async function lintToTheEnd(session: LintSession, file: string): Promise<LintedFile> {
  let last: LintedFile | undefined;
  for await (const linted of session.run()) if (linted.file === file) last = linted;
  assert.ok(last?.isComplete, `${file} was not linted to the end`);
  return last;
}

/** A figure is worth nothing when what was kept up to date is not what a fresh start finds. */
async function check(session: LintSession, { projectDir, file, text }: Edited): Promise<void> {
  const edited = await lintToTheEnd(session, file);
  const fresh = new LintSession(projectDir, { tools: createLintTools(), limits });
  fresh.open(file, text);
  assert.deepEqual(figuresOf(edited), figuresOf(await lintToTheEnd(fresh, file)), 'the edited file and a fresh start differ');
}

interface Edited {
  readonly projectDir: string;
  readonly file: string;
  readonly text: string;
}

function figuresOf({ summary: { rows, byCode }, problems }: LintedFile): unknown {
  return { rows, byCode: [...byCode].sort(), places: problems.map(({ line, column, code }) => `${line}:${column} ${code}`) };
}

/** In pieces: copying 40 MB for every change would take longer than all else. */
function applyAll(text: string, changes: readonly TextChange[]): string {
  const pieces = Array.from({ length: Math.ceil(text.length / pieceUnits) }, (_, index) =>
    text.slice(index * pieceUnits, (index + 1) * pieceUnits),
  );
  for (const { start, end, text: inserted } of changes) {
    let [piece, offset] = [0, 0];
    while (piece + 1 < pieces.length && offset + (pieces[piece]?.length ?? 0) <= start) offset += pieces[piece++]?.length ?? 0;
    const old = `${pieces[piece]}${pieces[piece + 1] ?? ''}`; // a change is one character, or nothing, that goes
    pieces.splice(piece, 2, old.slice(0, start - offset) + inserted + old.slice(end - offset));
  }
  return pieces.join('');
}

const pieceUnits = 65_536;

/** A third each at the start, at the end and anywhere; a third each type a character, delete one and paste a row. */
function placeEdits(text: string, file: string, random: Random): TextChange[] {
  const row = formatRow({ text: 'why was I charged twice for the same transfer?', label: 'transfer' }, formatOf(file));
  const places: Placed[] = [];
  return Array.from({ length: editCount }, () => {
    const near = Math.floor(0.01 * text.length);
    const place =
      [random.integer(near), text.length - 1 - random.integer(near), random.integer(text.length)][random.integer(3)] ?? 0;
    const kind = random.integer(3);
    const at = kind === 2 ? text.indexOf('\n', place) + 1 || text.length : place;
    const start = moved(at, places);
    const change = { start, end: kind === 1 ? start + 1 : start, text: ['e', '', row][kind] ?? '' };
    places.push({ at, by: change.text.length - (change.end - change.start) });
    return change;
  });
}

function formatOf(file: string): 'csv' | 'jsonl' {
  return file.endsWith('.csv') ? 'csv' : 'jsonl';
}

interface Placed {
  readonly at: number;
  readonly by: number;
}

/** Where a place of the first text is after the edits before. */
function moved(at: number, places: readonly Placed[]): number {
  return places.reduce((sum, place) => (place.at < at ? sum + place.by : sum), at);
}
