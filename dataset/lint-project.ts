/** Lints whole projects and single files, for the command line and the editor's Problems panel. */
import { readdir, readFile, stat } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { dataSchema, RunFailure, splits, type RunError, type Split } from '../protocol';
import { hasErrors, lintBytes, type LintOptions, type LintResult } from './lint-file';
import { formatOf } from './parse-rows';
import { configFileName, readConfigText, readProject, type Project } from './project';
import { collectLabels, readSplitFiles, splitPath } from './read-split-files';

export interface FileLint {
  /** Absolute. */
  readonly file: string;
  readonly result: LintResult;
}

/** All data files that temper.json names; the config itself is among them when something is wrong with it. */
export async function lintProject(projectDir: string): Promise<FileLint[]> {
  const { configFile, problems } = await readConfigText(projectDir);
  if (hasErrors(problems)) return [{ file: configFile, result: { problems, rows: [] } }];
  const { files, missing } = await readSplitFiles(await readProject(projectDir));
  const inConfig = [...problems, ...missing];
  const config = inConfig.length > 0 ? [{ file: configFile, result: { problems: inConfig, rows: [] } }] : [];
  return [...config, ...files.map(({ file, result }) => ({ file, result }))];
}

/** A folder is a project, or holds data files; a data file is linted as what the project around it makes of it. */
export async function lintPath(path: string): Promise<FileLint[]> {
  const absolute = resolve(path);
  if (basename(absolute) === configFileName) return lintProject(absolute);
  const found = await stat(absolute).catch(() => {
    throw new RunFailure(nothingThere(absolute));
  });
  if (!found.isDirectory()) return [await lintFile(absolute)];
  const names = await readdir(absolute);
  const dataFiles = names.filter((name) => formatOf(name) !== undefined).sort();
  if (names.includes(configFileName) || dataFiles.length === 0) return lintProject(absolute);
  return Promise.all(dataFiles.map((name) => lintFile(join(absolute, name))));
}

async function lintFile(file: string): Promise<FileLint> {
  return { file, result: lintBytes(file, await readFile(file), await lintOptionsFor(file)) };
}

function nothingThere(path: string): RunError {
  return {
    code: 'bad-usage',
    message: `There is no file or folder ${path}.`,
    hint: 'Name data files, or the folder of a project.',
    file: path,
  };
}

/** What a data file is to the project above it; a file that no project names has the default columns, and those tell its task. */
export async function lintOptionsFor(file: string): Promise<LintOptions> {
  const absolute = resolve(file);
  const project = await nearestProject(dirname(absolute));
  const split = project && splits.find((name) => splitPath(project, name) === absolute);
  if (!project || !split) return { data: dataSchema.parse({ train: absolute }), role: 'held-out' };
  const labels = await labelsFor(project, split);
  return { task: project.config.task.type, data: project.config.data, role: split === 'train' ? 'train' : 'held-out', labels };
}

/** The first folder upwards with a temper.json; one that is wrong is no project for this. */
async function nearestProject(dir: string): Promise<Project | undefined> {
  try {
    return await readProject(dir);
  } catch (thrown) {
    if (!(thrown instanceof RunFailure)) throw thrown;
    return dirname(dir) === dir ? undefined : nearestProject(dirname(dir));
  }
}

async function labelsFor(project: Project, split: Split): Promise<readonly string[] | undefined> {
  const { labels, train } = project.config.data;
  if (labels || split === 'train') return labels;
  const file = resolve(project.dir, train);
  try {
    const { problems, rows } = lintBytes(file, await readFile(file), {
      task: project.config.task.type,
      data: project.config.data,
      role: 'train',
    });
    return hasErrors(problems) ? undefined : collectLabels(rows);
  } catch {
    return undefined; // a missing train file is reported with the project, not with this file
  }
}
