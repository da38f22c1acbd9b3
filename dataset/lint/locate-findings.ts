/** From what rules of whole files say of "row 7 of block 3" to problems with ranges, twins and fixes. */
import { rules, type Problem, type ProblemCode, type RelatedPlace, type Severity, type TextRange } from '../../protocol';
import type { FileFinding, Findings, RowPlace } from '../rules/rule';
import type { Block } from './blocks';
import type { FileFindings, FileLint, LocatedProblem } from './file-lint';
import { problemOfFinding } from './finding-problem';
import { moveProblem, moveRange } from './position';
import type { ReadingAgain, RowAgain } from './read-again';

export interface Locating {
  readonly lint: FileLint;
  /** Files that a twin can be in. */
  readonly others: readonly FileLint[];
  readonly again: ReadingAgain;
  /** More than these are counted, and not listed. */
  readonly maxProblems: number;
  /** Awaited every few milliseconds; false: stop, the result is out of date. */
  readonly rest: () => Promise<boolean>;
}

/** `undefined` when it was stopped. */
export async function locateFindings(findings: Findings, locating: Locating): Promise<FileFindings | undefined> {
  const located = new Map<Block, LocatedProblem[]>();
  const unlisted = new Map<ProblemCode, number>();
  const atHead: Problem[] = [];
  let listed = 0;
  let suppressed = 0;
  for (const finding of findings) {
    if (finding === undefined) {
      if (!(await locating.rest())) return undefined;
      continue;
    }
    const { severities } = locating.lint.context ?? {};
    if (severities?.isOff(finding.code)) continue;
    const isListed = listed < locating.maxProblems;
    const found = isListed ? locate(finding, locating) : leaveOut(finding, locating);
    const { problems, suppressed: hidden } = severities?.settle([found.problem], () => found.fingerprint()) ?? {
      problems: [],
      suppressed: 0,
    };
    suppressed += hidden;
    const [problem] = problems;
    if (problem === undefined) continue;
    listed++;
    if (!isListed) unlisted.set(problem.code, (unlisted.get(problem.code) ?? 0) + 1);
    else if (found.block === undefined) atHead.push(problem);
    else append(located, found.block, { problem, ...(found.twin && { twin: found.twin }) });
  }
  return { located, atHead, unlisted, suppressed };
}

function append(located: Map<Block, LocatedProblem[]>, block: Block, problem: LocatedProblem): void {
  const list = located.get(block);
  if (list) list.push(problem);
  else located.set(block, [problem]);
}

interface Located extends LocatedProblem {
  readonly block: Block | undefined;
  readonly fingerprint: () => string;
}

/** Counted, and located only where its row may be suppressed. */
function leaveOut(finding: FileFinding, locating: Locating): Located {
  const { code, message, severity = rules[code].severity } = finding;
  return {
    problem: { ...lineOf(0), code, severity, message },
    block: undefined,
    fingerprint: () => locate(finding, locating).fingerprint(),
  };
}

function locate(finding: FileFinding, locating: Locating): Located {
  const at = finding.place && findRow(locating.lint, finding.place, locating.again);
  const twin = finding.twin && locateTwin(finding.twin, locating);
  const severity = finding.severity ?? rules[finding.code].severity;
  if (at === undefined) {
    const problem = { ...(locating.lint.context?.head ?? lineOf(0)), code: finding.code, severity, message: finding.message };
    return { problem, block: undefined, fingerprint: () => '' };
  }
  const { block, again } = at;
  const problem =
    again === undefined
      ? { ...lineOf(finding.place?.row ?? 0), code: finding.code, severity, message: finding.message }
      : problemInBlock(finding, again, locating, severity);
  const fingerprint = () => locating.again.read(locating.lint, block)?.fingerprintOf(problem) ?? '';
  return { problem, block, fingerprint, ...(twin && { twin }) };
}

function problemInBlock(finding: FileFinding, { row, linesBefore }: RowAgain, { lint }: Locating, severity: Severity): Problem {
  const problem = problemOfFinding(finding, { source: row.source, parser: lint.context?.parser, severity });
  return moveProblem(problem, { lines: linesBefore, units: 0 });
}

interface FoundRow {
  readonly block: Block;
  readonly again: RowAgain | undefined;
}

export function findRow(lint: FileLint, { block: index, row }: RowPlace, reading: ReadingAgain): FoundRow | undefined {
  const block = lint.blocks[index];
  return block && { block, again: reading.readRow(lint, block, row) };
}

function locateTwin(twin: NonNullable<FileFinding['twin']>, { lint, others, again }: Locating): LocatedProblem['twin'] {
  const other = [lint, ...others].find(({ role }) => role.file === twin.file);
  const at = other && findRow(other, twin.place, again);
  if (!other || !at) return undefined;
  const range = at.again
    ? moveRange(at.again.row.source.rangeAt(twin.path), { lines: at.again.linesBefore, units: 0 })
    : lineOf(twin.place.row);
  const place: RelatedPlace = { ...range, message: twin.message, ...(other !== lint && { file: other.role.file }) };
  return { lint: other, block: at.block, place };
}

/** Where the text is gone, a row of a binary file is the line of its number. */
function lineOf(row: number): TextRange {
  return { line: row + 1, column: 1, endLine: row + 1, endColumn: 1 };
}
