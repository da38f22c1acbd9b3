/** Lints what a path names, once: for the command line. */
import { open, readdir, stat } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { RunFailure, type RunError } from '../../protocol';
import { formatOfName } from '../formats/detect-format';
import { configFileName } from '../project';
import { nameOfRole } from './file-role';
import { LintSession, type SessionOptions } from './lint-session';
import type { LintedFile } from './linted-file';
import { rolesAlone, rolesOfProject } from './project-roles';

/**
 * A project (its folder or its temper.json), a folder of data files, or a data file, which is linted as what the project
 * around it makes of it. Files come in the order of the project, temper.json first when something is wrong with it.
 * @throws RunFailure 'bad-usage' when nothing is there
 */
export async function lintPath(path: string, options: SessionOptions): Promise<LintedFile[]> {
  const absolute = resolve(path);
  if (basename(absolute) === configFileName) return lintAll(new LintSession(dirname(absolute), options));
  const found = await stat(absolute).catch(() => undefined);
  if (found === undefined) throw new RunFailure(nothingThere(absolute));
  if (!found.isDirectory()) return lintFile(absolute, options);
  const names = await readdir(absolute);
  if (names.includes(configFileName)) return lintAll(new LintSession(absolute, options));
  const files = await findDataFiles(absolute, names);
  return lintAll(new LintSession(rolesAlone(files.length === 0 ? [absolute] : files), options)); // without files, a folder of images
}

/** By their names. Every .txt may be text and every .json a list of rows, but most are not: those are left out that hold no list. */
async function findDataFiles(folder: string, names: readonly string[]): Promise<string[]> {
  const files: string[] = [];
  for (const name of [...names].sort()) {
    const format = formatOfName(name);
    if (format === undefined || format === 'text') continue;
    const file = join(folder, name);
    if (!(await isFile(file))) continue;
    if (format !== 'json' || (await beginsList(file))) files.push(file);
  }
  return files;
}

/** Or may be one: a link that leads nowhere is reported. Folders have rows of their own, and a pipe would be waited for. */
async function isFile(path: string): Promise<boolean> {
  const found = await stat(path).catch(() => undefined);
  return found === undefined || found.isFile();
}

async function beginsList(file: string): Promise<boolean> {
  const handle = await open(file).catch(() => undefined);
  const read = await handle?.read(Buffer.alloc(64), 0, 64, 0).catch(() => undefined);
  await handle?.close();
  return read?.buffer.toString('utf8', 0, read.bytesRead).trimStart().startsWith('[') === true;
}

async function lintFile(file: string, options: SessionOptions): Promise<LintedFile[]> {
  const projectDir = await findProject(file, options);
  if (projectDir === undefined) return lintAll(new LintSession(rolesAlone([file]), options));
  return (await lintAll(new LintSession(projectDir, options))).filter((linted) => linted.file === file);
}

/** The nearest folder upwards whose temper.json names the file. */
async function findProject(file: string, options: SessionOptions, dir = dirname(file)): Promise<string | undefined> {
  const isProject = await stat(join(dir, configFileName)).then(
    (found) => found.isFile(),
    () => false,
  );
  if (isProject) {
    const { named } = await rolesOfProject(dir, {})(() => undefined);
    if (named.includes(file)) return dir;
  }
  return dirname(dir) === dir ? undefined : findProject(file, options, dirname(dir));
}

/** The last word on each file, as each split that it is. */
async function lintAll(session: LintSession): Promise<LintedFile[]> {
  const files = new Map<string, LintedFile>();
  for await (const linted of session.run()) files.set(nameOfRole(linted), linted);
  const all = [...files.values()];
  const isConfig = ({ file }: LintedFile) => basename(file) === configFileName;
  return [
    ...all.filter((linted) => isConfig(linted) && linted.problems.length > 0),
    ...all.filter((linted) => !isConfig(linted)),
  ];
}

function nothingThere(path: string): RunError {
  return {
    code: 'bad-usage',
    message: `There is no file or folder ${path}.`,
    hint: 'Name data files, or the folder of a project.',
    file: path,
  };
}
