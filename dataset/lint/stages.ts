/** The rules of whole files, in the order in which they run: the cheap ones first, so that something is soon to be seen. */
import type { ProblemCode } from '../../protocol';
import type { BlockDigest } from '../rules/digest';
import { findAcross, findInFile, findNearDuplicates, findNearLeaks } from '../rules/file-rules';
import type { DigestedFile, Findings } from '../rules/rule';
import { findExtraFields, type ExtraField } from '../shapes/extra-fields';
import type { FileFindings, FileLint } from './file-lint';
import { findImageProblems, namesImages } from './image-stage';
import type { ImageInspector } from './linted-file';
import { findRow, locateFindings } from './locate-findings';
import type { ReadingAgain } from './read-again';
import { viewRow } from './read-rows';

/** Which are asked for: training needs no list of near-duplicates, and evaluation no leaks. */
export interface Stages {
  readonly leaks: boolean;
  readonly nearDuplicates: boolean;
  readonly images: boolean;
}

export interface StageRun {
  /** In the order of the splits. */
  readonly lints: readonly FileLint[];
  readonly stages: Stages;
  readonly inspector: ImageInspector;
  readonly again: ReadingAgain;
  readonly maxProblems: number;
  readonly rest: () => Promise<boolean>;
}

interface Stage {
  readonly name: string;
  /** Undefined where it says nothing of the file. */
  readonly find: (lint: FileLint, run: StageRun) => Promise<FileFindings | undefined> | undefined;
}

const stages: readonly Stage[] = [
  { name: 'inside', find: (lint, run) => locate(lint, run, findInside(lint, run)) },
  { name: 'leaks', find: (lint, run) => locate(lint, run, againstTrain(lint, run, findAcross)) },
  { name: 'images', find: (lint, run) => (run.stages.images && namesImages(lint) ? findImageProblems(lint, run) : undefined) },
  {
    name: 'near-leaks',
    find: (lint, run) => locate(lint, run, isWanted(lint, 'near-leak', run) && againstTrain(lint, run, findNearLeaks)),
  },
  {
    name: 'near-duplicates',
    find: (lint, run) => locate(lint, run, isWanted(lint, 'near-duplicate', run) && findNearDuplicates(digestedFile(lint, run))),
  },
];

/** Yields a file whenever a stage has run over it; a stage over blocks that it has seen is skipped. Ends early when stopped. */
export async function* runStages(run: StageRun): AsyncGenerator<FileLint> {
  const train = trainOf(run.lints);
  for (const { name, find } of stages) {
    for (const lint of run.lints) {
      if (!(await run.rest())) return; // edited since: its blocks are not linted, and there is nothing in them yet
      const key = keyOf(lint, train);
      if (lint.stageKeys.get(name) === key) continue;
      const finding = find(lint, run);
      const found = await finding;
      if (finding && !found) return;
      lint.stageKeys.set(name, key);
      if (found) lint.findings.set(name, found);
      const isOver = !found && lint.findings.delete(name); // the training rows are gone, and what was said of them
      if (found || isOver) yield lint;
    }
  }
}

/** Asked for, or an error in this project: then nothing passes without having been looked at. */
function isWanted({ role }: FileLint, code: 'near-leak' | 'near-duplicate', { stages: asked }: StageRun): boolean {
  const isAsked = code === 'near-leak' ? asked.leaks : asked.nearDuplicates;
  const severity = role.lint.rules[code];
  return severity !== 'off' && (isAsked || severity === 'error');
}

function locate(
  lint: FileLint,
  run: StageRun,
  findings: Findings | false | undefined,
): Promise<FileFindings | undefined> | undefined {
  const { lints: others, again, maxProblems, rest } = run;
  return findings ? locateFindings(findings, { lint, others, again, maxProblems, rest }) : undefined;
}

function* findInside(lint: FileLint, run: StageRun): Findings {
  yield* unlessBroken(lint, 'one-class', findInFile(digestedFile(lint, run), lint.role.data));
  for (const { code, message } of extraFieldsOf(lint)) yield { code, message, path: [], place: undefined };
}

function extraFieldsOf({ blocks, context }: FileLint): ExtraField[] {
  if (context?.shape.kind !== 'found') return [];
  const counts = new Map<string, number>();
  let rows = 0;
  for (const { lint } of blocks) {
    rows += lint?.sourceRows ?? 0;
    for (const [name, count] of lint?.names ?? []) counts.set(name, (counts.get(name) ?? 0) + count);
  }
  return findExtraFields({ counts, rows }, context.shape);
}

/** What the findings of a file depend on. */
function keyOf(lint: FileLint, train: FileLint | undefined): string {
  return `${lint.version}|${train === lint ? '' : train?.version}`;
}

function trainOf(lints: readonly FileLint[]): FileLint | undefined {
  return lints.find(({ role }) => role.split === 'train');
}

type FindAgainst = typeof findAcross;

function againstTrain(lint: FileLint, run: StageRun, find: FindAgainst): Findings | undefined {
  if (lint.role.split === undefined) return undefined; // a file alone, of which there can be thousands
  const train = trainOf(run.lints);
  if (!train || train === lint) return undefined;
  return unlessBroken(train, 'unknown-label', find(digestedFile(train, run), digestedFile(lint, run), lint.role.data));
}

/** Rows that cannot be read have labels too: as long as there are any, it is too early to say which labels there are. */
function* unlessBroken({ hasErrors }: FileLint, code: ProblemCode, findings: Findings): Findings {
  for (const finding of findings) if (!hasErrors || finding?.code !== code) yield finding;
}

function digestedFile(lint: FileLint, { again }: StageRun): DigestedFile<BlockDigest> {
  const { blocks, context, role } = lint;
  return {
    file: role.file,
    split: role.split,
    blocks: blocks.flatMap((block) => block.lint?.digest ?? []),
    viewAt(place) {
      const found = context && findRow(lint, place, again)?.again?.row;
      return found && viewRow(context, found);
    },
  };
}
