/** What is said of a file: its problems in order, moved to where their blocks are now, and its figures. */
import { relative } from 'node:path';
import { severities, type Problem, type Severity } from '../../protocol';
import type { Block } from './blocks';
import { fileProblems, findingsOf, type FileLint, type LocatedProblem } from './file-lint';
import { fingerprintText } from './fingerprint';
import type { LintedFile } from './linted-file';
import { add, comparePlaces, moveProblem, moveRange, type Origin } from './position';
import type { ReadingAgain } from './read-again';
import { summarise } from './summarise';

export interface Reporting {
  readonly maxProblems: number;
  readonly isComplete: boolean;
  readonly again: ReadingAgain;
}

export function reportFile(lint: FileLint, { maxProblems, isComplete, again }: Reporting): LintedFile {
  const { role, context } = lint;
  const problems = collectProblems(lint, maxProblems);
  return {
    file: role.file,
    split: role.split,
    ...(context && { format: context.format }),
    ...(context?.shape.kind === 'found' && { shape: { name: context.shape.shape.name, reasons: context.shape.match.reasons } }),
    problems,
    summary: summarise(lint),
    isComplete,
    fingerprintOf: (problem) => fingerprintAt(lint, problem, again),
  };
}

/** In the order of the file. Of more than may be listed the worst are taken, and of these the first. */
function collectProblems(lint: FileLint, maxProblems: number): Problem[] {
  const found = gatherProblems(lint, maxProblems);
  const picked: Problem[] = [];
  for (const severity of severities) {
    const wanted = maxProblems - picked.length;
    for (const problem of found[severity].sort(comparePlaces).slice(0, wanted)) picked.push(problem); // too many to be arguments
  }
  return picked.sort(comparePlaces);
}

/** Of each severity enough to fill the list. Blocks come in the order of the file: no more are looked at than errors fill it. */
function gatherProblems(lint: FileLint, maxProblems: number): Record<Severity, Problem[]> {
  const found: Record<Severity, Problem[]> = { error: [], warning: [], information: [] };
  const full: Record<Severity, boolean> = { error: false, warning: false, information: false };
  for (const problem of fileProblems(lint)) found[problem.severity].push(problem);
  const own = { error: found.error.length, warning: found.warning.length, information: found.information.length };
  const originOf = createOrigins();
  for (const { block, origin } of placeBlocks(lint.blocks)) {
    for (const severity of severities) full[severity] = found[severity].length - own[severity] >= maxProblems;
    if (full.error) break;
    for (const located of problemsOfBlock(lint, block)) {
      const { severity } = located.problem;
      if (!full[severity]) found[severity].push(placeProblem(located, origin, originOf));
    }
  }
  return found;
}

/** Listed or not. */
export function findFirstError(lint: FileLint): Problem | undefined {
  return gatherProblems(lint, 1).error.sort(comparePlaces)[0];
}

function problemsOfBlock(lint: FileLint, block: Block): LocatedProblem[] {
  const local = (block.lint?.problems ?? []).map((problem) => ({ problem }));
  return [...local, ...findingsOf(lint).flatMap(({ located }) => located.get(block) ?? [])];
}

type OriginOf = (lint: FileLint, block: Block) => Origin | undefined;

function placeProblem({ problem, twin }: LocatedProblem, origin: Origin, originOf: OriginOf): Problem {
  const moved = moveProblem(problem, origin);
  const twinOrigin = twin && originOf(twin.lint, twin.block);
  if (!twin || !twinOrigin) return moved;
  return { ...moved, related: [{ ...twin.place, ...moveRange(twin.place, twinOrigin) }, ...(moved.related ?? [])] };
}

export function* placeBlocks(blocks: readonly Block[]): Generator<{ block: Block; origin: Origin }> {
  let origin: Origin = { lines: 0, units: 0 };
  for (const block of blocks) {
    yield { block, origin };
    origin = add(origin, block.extent);
  }
}

/** Whether a part of the line is in the block; rows that are no text know their places in the file. */
export function hasLine({ source, extent }: Block, origin: Origin, line: number): boolean {
  if (source.kind !== 'rows') return line > origin.lines && line <= origin.lines + extent.lines + 1;
  const [first, last] = [source.rows[0], source.rows.at(-1)];
  return first !== undefined && last !== undefined && line >= first.line && line <= last.endLine;
}

function isSame(a: Problem, b: Problem): boolean {
  return a.code === b.code && a.message === b.message && a.file === b.file && comparePlaces(a, b) === 0;
}

/** `undefined` for a block that is not in the file any more. Files are walked through once, however many twins are in them. */
function createOrigins(): OriginOf {
  const known = new Map<FileLint, ReadonlyMap<Block, Origin>>();
  return (lint, block) => {
    const origins = known.get(lint) ?? new Map([...placeBlocks(lint.blocks)].map((placed) => [placed.block, placed.origin]));
    known.set(lint, origins);
    return origins.get(block);
  };
}

/** Empty for what is about the file as a whole, as it is when suppressions are looked up. */
function fingerprintAt(lint: FileLint, problem: Problem, again: ReadingAgain): string {
  if (fileProblems(lint).some((own) => isSame(own, problem))) return '';
  if (problem.file !== undefined) return fingerprintText(relative(lint.role.file, problem.file));
  for (const { block, origin } of placeBlocks(lint.blocks)) {
    if (!hasLine(block, origin, problem.line)) continue;
    if (block.source.kind === 'rows') return again.read(lint, block)?.fingerprintOf(problem) ?? '';
    const end = add(origin, block.extent);
    const inBlock = {
      line: problem.line - origin.lines,
      column: problem.line - origin.lines === 1 ? problem.column - origin.units : problem.column,
    };
    const isBehind = problem.line === end.lines + 1 && problem.column > end.units && !block.isLast;
    if (isBehind) continue;
    const place = { ...inBlock, endLine: inBlock.line, endColumn: inBlock.column };
    return again.read(lint, block)?.fingerprintOf(place) ?? '';
  }
  return '';
}
