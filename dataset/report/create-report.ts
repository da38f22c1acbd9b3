/** The dataset report of a project: all figures and words of it, from what linting says of its files. Draws nothing, reads nothing. */
import { basename } from 'node:path';
import type { DatasetReport, ReportedFile } from '../../protocol';
import { shapeNamed } from '../shapes/registry';
import { collectLabels } from './label-figures';
import { collectLengths } from './length-figures';
import { collectProblems, isText } from './problem-figures';
import { nameInProject, splitInputs, type ReportInput, type SplitInput } from './report-input';
import { describeDataset } from './words';

export function createReport(projectDir: string, files: readonly ReportInput[]): DatasetReport {
  const inputs = splitInputs(files);
  const others = files.filter(({ split }) => split === undefined);
  const labels = collectLabels(inputs);
  const lengths = collectLengths(inputs);
  const isComplete = files.every((file) => file.isComplete);
  return {
    projectDir,
    projectName: basename(projectDir),
    isComplete,
    sentences: describeDataset({ inputs, others, labels, lengths, isComplete }),
    files: inputs.map((input) => describeFile(projectDir, input)),
    ...(labels && { labels }),
    ...(lengths && { lengths }),
    ...collectProblems(projectDir, [...inputs, ...others]),
    suppressed: files.reduce((sum, { summary }) => sum + summary.suppressed, 0),
  };
}

function describeFile(projectDir: string, input: SplitInput): ReportedFile {
  const { file, split, format, shape, summary } = input;
  return {
    file,
    name: nameInProject(projectDir, file),
    split,
    rows: summary.rows,
    ...(format && {
      reading: {
        format: format.format,
        encoding: format.encoding,
        ...(shape && { shape: shapeNamed(shape.name).description }),
        reasons: [...format.reasons, ...(shape?.reasons ?? [])],
      },
    }),
    problems: summary.problems,
    suppressed: summary.suppressed,
    isText: isText(input),
  };
}
