/** Looks at the images that the rows of a file name: whether they are there, whole and upright. Waits for the disk, so it is a stage of its own. */
import { basename, relative } from 'node:path';
import { rules, type Problem } from '../../protocol';
import { createImageRules, type ImageFinding, type ImageRules } from '../rules/image-rules';
import { firstPlace } from '../text-position';
import type { Block } from './blocks';
import type { FileFindings, FileLint, LocatedProblem } from './file-lint';
import { fingerprintText } from './fingerprint';
import { problemOfFinding } from './finding-problem';
import type { ImageInspector } from './linted-file';
import type { BlockAgain, ReadingAgain } from './read-again';
import type { ReadRow } from './read-rows';

export interface ImageStage {
  readonly inspector: ImageInspector;
  readonly again: ReadingAgain;
  readonly rest: () => Promise<boolean>;
}

/** Images looked at at the same time. */
const atOnce = 8;

export function namesImages({ context }: FileLint): boolean {
  return context?.shape.kind === 'found' && context.shape.shape.name.startsWith('image-');
}

/** `undefined` when it was stopped. */
export async function findImageProblems(
  lint: FileLint,
  { inspector, again, rest }: ImageStage,
): Promise<FileFindings | undefined> {
  const located = new Map<Block, readonly LocatedProblem[]>();
  const imageRules = createImageRules(inspector);
  let suppressed = 0;
  for (const block of lint.blocks) {
    const read = again.read(lint, block);
    const problems: Problem[] = [];
    for (let start = 0; start < (read?.rows.length ?? 0); start += atOnce) {
      const rows = read?.rows.slice(start, start + atOnce) ?? [];
      problems.push(...(await Promise.all(rows.map((row) => checkRow(lint, row, imageRules)))).flat());
      if (!(await rest())) return undefined;
    }
    const settled = settle(lint, problems, read);
    suppressed += settled.suppressed;
    if (settled.problems.length > 0)
      located.set(
        block,
        settled.problems.map((problem) => ({ problem })),
      );
  }
  return { located, atHead: [], unlisted: new Map(), suppressed };
}

async function checkRow(lint: FileLint, { row, source }: ReadRow, imageRules: ImageRules): Promise<Problem[]> {
  const { context } = lint;
  if (row.kind !== 'image' || context?.shape.kind !== 'found') return [];
  const { imageColumn } = context.shape.match.columns;
  const value = source.value[imageColumn];
  const written = typeof value === 'string' ? value : basename(row.image);
  const findings = await imageRules.check({ image: row.image, written, path: [imageColumn] });
  return findings.map((finding) => place(lint, finding, { row, source }));
}

/** Rows that a folder makes stand nowhere: their problems are shown at the image. */
function place({ context }: FileLint, finding: ImageFinding, { source }: ReadRow): Problem {
  if (context?.parser) return problemOfFinding(finding, { source, parser: context.parser });
  const { code, message, image } = finding;
  return { ...firstPlace, code, severity: rules[code].severity, message, file: image };
}

function settle(lint: FileLint, problems: readonly Problem[], read: BlockAgain | undefined) {
  const fingerprintOf = (problem: Problem) =>
    problem.file === undefined ? (read?.fingerprintOf(problem) ?? '') : fingerprintText(relative(lint.role.file, problem.file));
  return lint.context?.severities.settle(problems, fingerprintOf) ?? { problems: [], suppressed: 0 };
}
