/** What is said of a file: its problems in order, moved to where their blocks are now, and its figures. */
import type { Problem } from '../../protocol';
import type { Block } from './blocks';
import { fileProblems, findingsOf, type FileLint, type LocatedProblem } from './file-lint';
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

/** Blocks come in the order of the file: no more are looked at than fill the list. */
function collectProblems(lint: FileLint, maxProblems: number): Problem[] {
  const problems: Problem[] = fileProblems(lint);
  const own = problems.length;
  for (const { block, origin } of placeBlocks(lint.blocks)) {
    if (problems.length - own >= maxProblems) break;
    problems.push(...problemsOfBlock(lint, block).map((located) => placeProblem(located, origin)));
  }
  return problems.sort(comparePlaces).slice(0, maxProblems);
}

/** In the order of the file, listed or not. */
export function findFirstError(lint: FileLint): Problem | undefined {
  const isError = ({ severity }: Problem) => severity === 'error';
  const own = fileProblems(lint).filter(isError);
  for (const { block, origin } of placeBlocks(lint.blocks)) {
    const found = problemsOfBlock(lint, block).filter(({ problem }) => isError(problem));
    if (found.length > 0) return [...own, ...found.map((located) => placeProblem(located, origin))].sort(comparePlaces)[0];
  }
  return own.sort(comparePlaces)[0];
}

function problemsOfBlock(lint: FileLint, block: Block): LocatedProblem[] {
  const local = (block.lint?.problems ?? []).map((problem) => ({ problem }));
  return [...local, ...findingsOf(lint).flatMap(({ located }) => located.get(block) ?? [])];
}

function placeProblem({ problem, twin }: LocatedProblem, origin: Origin): Problem {
  const moved = moveProblem(problem, origin);
  const twinOrigin = twin && originOf(twin.lint.blocks, twin.block);
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

/** `undefined` when the block is not in the file any more. */
export function originOf(blocks: readonly Block[], wanted: Block): Origin | undefined {
  for (const { block, origin } of placeBlocks(blocks)) if (block === wanted) return origin;
  return undefined;
}

function fingerprintAt(lint: FileLint, problem: Problem, again: ReadingAgain): string {
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
