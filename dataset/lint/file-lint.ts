/**
 * One file as linting knows it: its blocks, what is wrong with them, and what rules of whole files found in them. Fed from
 * disk or from an editor's text; an edit replaces the blocks that it touches.
 */
import { rules, type Problem, type ProblemCode, type RelatedPlace } from '../../protocol';
import type { DataRow } from '../shapes/rows';
import { firstPlace } from '../text-position';
import { createBlock, cutText, keptText, spliceBlocks, type Block } from './blocks';
import { headProblems, headUnits, openHead, type FileContext } from './file-context';
import { keyOfRole, type FileRole } from './file-role';
import { createFingerprints } from './fingerprint';
import { lintRows, type Depth } from './lint-block';
import type { TextChange } from './linted-file';
import { Severities } from './severities';

/** What a rule of whole files found. Lines count from the start of the block, wherever that has moved to. */
export interface LocatedProblem {
  readonly problem: Problem;
  readonly twin?: { readonly lint: FileLint; readonly block: Block; readonly place: RelatedPlace };
}

export interface FileFindings {
  readonly located: ReadonlyMap<Block, readonly LocatedProblem[]>;
  /** About the file as a whole. */
  readonly atHead: readonly Problem[];
  /** Found, and too many to be listed. */
  readonly unlisted: ReadonlyMap<ProblemCode, number>;
  readonly suppressed: number;
}

export function findingsOf({ findings }: FileLint): FileFindings[] {
  return [...findings.values()];
}

/** Those that are not of a block: of the bytes, of the shape, of the file as a whole. */
export function fileProblems(lint: FileLint): Problem[] {
  const hasRows = lint.blocks.some((block) => (block.lint?.sourceRows ?? 0) > 0);
  const found = hasRows ? [...headProblems(lint.context)] : lint.isLinted && !lint.hasErrors ? [noRows(lint)] : [];
  if (lint.comparedRows !== undefined) found.push(partlyCompared(lint.comparedRows));
  const settled = lint.context?.severities.settle(found, () => '').problems ?? [];
  return [...lint.ownProblems, ...settled, ...findingsOf(lint).flatMap(({ atHead }) => atHead)];
}

function partlyCompared(rows: number): Problem {
  const message = `Only the first ${rows.toLocaleString('en-US')} rows are compared with each other and with other files; the rest is looked at row by row.`;
  return { ...firstPlace, code: 'partly-compared', severity: rules['partly-compared'].severity, message };
}

function noRows({ context, blocks }: FileLint): Problem {
  const isTable = context?.format.format === 'csv' || context?.format.format === 'tsv';
  const hasHeader = isTable && blocks.some(({ units }) => units > 0);
  const message = `${hasHeader ? 'The file has a header and no rows' : 'The file has no rows'}. Add at least one.`;
  return { ...firstPlace, code: 'no-rows', severity: rules['no-rows'].severity, message };
}

export function changeText(text: string, { start, end, text: inserted }: TextChange): string {
  return text.slice(0, start) + inserted + text.slice(end);
}

let versions = 0;

export function nextVersion(): number {
  return ++versions;
}

export class FileLint {
  /** Where temper.json stands in it may change; the rest does not. */
  role: FileRole;
  readonly depth: Depth;
  /** Undefined as long as nothing has been read, and when the format is not known. */
  context: FileContext | undefined;
  blocks: readonly Block[] = [];
  /** Of the file as a whole, at places in it: its encoding, its format. Settled. */
  ownProblems: readonly Problem[] = [];
  /** Of rules of whole files, by the stage that runs them. */
  readonly findings = new Map<string, FileFindings>();
  /** Of the bytes on disk, when it was read from there. */
  disk: { readonly bytes: number; readonly sha256: string } | undefined;
  /** How many rows rules of whole files look at, when it is not all. */
  comparedRows: number | undefined;
  /** Rows to train on; only kept when asked for. */
  rows: readonly DataRow[] = [];
  /** Another one after every change of its blocks; no two files ever have the same. */
  version = 0;
  /** What the file on disk looked like when it was read. */
  stamp = '';
  /** What each stage has seen. */
  readonly stageKeys = new Map<string, string>();
  /** What was last said of it. */
  reported: { readonly version: number; readonly isComplete: boolean } | undefined;

  constructor(role: FileRole, depth: Depth) {
    this.role = role;
    this.depth = depth;
  }

  get key(): string {
    return keyOfRole(this.role);
  }

  /** Of its bytes, its syntax or its shape. */
  get hasErrors(): boolean {
    const lists = [this.ownProblems, ...this.blocks.flatMap(({ lint }) => [lint?.problems ?? [], lint?.unlisted ?? []])];
    return lists.some((problems) => problems.some(({ severity }) => severity === 'error'));
  }

  get isLinted(): boolean {
    return this.blocks.every((block) => block.lint !== undefined);
  }

  /** A file that cannot be read at all. */
  refuse(problem: Problem): void {
    this.ownProblems = new Severities(this.role).settle([problem], () => '').problems;
    this.version = nextVersion();
  }

  /** Text that an editor holds. Nothing is linted yet: `lintNext` does that, block by block. */
  open(text: string): void {
    const opened = openHead(this.role, text);
    const { parser } = 'code' in opened ? {} : opened;
    this.context = 'code' in opened ? undefined : opened;
    this.ownProblems = 'code' in opened ? new Severities(this.role).settle([opened], () => '').problems : [];
    const whole = { text, isFirst: true, isLast: true };
    this.blocks = parser ? cutText(parser, text, whole) : [createBlock(whole)];
    this.version = nextVersion();
  }

  /** Only for a file that was opened as text. What its head says may change with it, and then all is read again. */
  edit(change: TextChange): void {
    const { context } = this;
    if (!context?.parser) return this.open(changeText(this.text(), change));
    this.blocks = spliceBlocks(context.parser, this.blocks, change);
    this.version = nextVersion();
    if (change.start >= context.headUnits) return;
    const opened = openHead(this.role, this.head());
    if ('code' in opened || opened.key !== context.key) return this.open(this.text());
    this.context = { ...opened, severities: context.severities };
    delete this.blocks[0]?.lint; // it may tell more of the head than the others do
  }

  /** Enough of the text to tell how the rest is read. */
  private head(): string {
    let head = '';
    for (const block of this.blocks) if (head.length <= headUnits) head += keptText(block);
    return head;
  }

  /** Lints the next block that is not linted; false when all are. */
  lintNext(): boolean {
    const block = this.blocks.find(({ lint }) => lint === undefined);
    if (block === undefined || !this.context?.parser) return false;
    const text = keptText(block);
    const parsed = this.context.parser.parse(text, block);
    block.lint = lintRows(this.context, parsed, this.depth, createFingerprints(text, parsed.rows)).lint;
    return true;
  }

  /** The text, when it is kept. */
  text(): string {
    return this.blocks.map(keptText).join('');
  }
}
