/** Which files a project has and what each is to it, read from its temper.json as it stands on disk or in an editor. */
import { readFile, stat } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { parseConfig, splits, type Problem, type RunConfig, type Split } from '../../protocol';
import { lintConfigText, rangeInConfig } from '../config-text';
import { decodeText } from '../decode-text';
import { configFileName, type Project } from '../project';
import type { ModelInputs } from '../rules/rule';
import { resolveFolder, roleAlone, roleInProject, type FileRole } from './file-role';
import type { LintTools } from './linted-file';

export interface ProjectRoles {
  /** Absolute; of a project that is not one, undefined. */
  readonly configFile: string | undefined;
  readonly configText: string;
  readonly config: RunConfig | undefined;
  /** Of temper.json: what is wrong with it, and the files that are not there. */
  readonly problems: readonly Problem[];
  /** Of the files that are there, train first. */
  readonly roles: readonly FileRole[];
  /** Absolute, also those that are not there. */
  readonly named: readonly string[];
}

/** Undefined for a file that no editor holds. The text is put together when it is asked for, which takes a while for a large file. */
export type FindUnsaved = (file: string) => (() => string) | undefined;

export type ReadRoles = (unsaved: FindUnsaved) => Promise<ProjectRoles>;

/** Files that no project names. */
export function rolesAlone(files: readonly string[]): ReadRoles {
  return async () => {
    const roles = await Promise.all(files.map((file) => resolveFolder(roleAlone(file))));
    return { configFile: undefined, configText: '', config: undefined, problems: [], roles, named: files };
  };
}

/** Of a config that is known, perhaps with settings that temper.json does not have. */
export function rolesOfReadProject(project: Project): ReadRoles {
  const { configFile, config, text: configText } = project;
  return async (unsaved) => ({
    configFile,
    configText,
    config,
    ...(await findFiles(project, [], { inputs: undefined, unsaved })),
  });
}

/** Asks for the model's inputs once for each model and its settings. */
export function rolesOfProject(projectDir: string, tools: LintTools): ReadRoles {
  const configFile = join(resolve(projectDir), configFileName);
  let known: { readonly key: string; readonly inputs: Promise<ModelInputs | undefined> } | undefined;
  return async (unsaved) => {
    const read = await readConfig(configFile, unsaved(configFile)?.());
    if (read === undefined) return noProject;
    const { text, problems } = read;
    const parsed = problems.some(({ severity }) => severity === 'error') ? undefined : parseConfig(JSON.parse(text));
    const base = { configFile, configText: text, named: [] };
    if (parsed?.kind !== 'valid') return { ...base, config: undefined, problems, roles: [] };
    const { config } = parsed;
    const project = { dir: dirname(configFile), configFile, config, text };
    const key = JSON.stringify([config.model, config.training.maxLength, config.task.type, config.method]);
    if (known?.key !== key) known = { key, inputs: readInputs(project, tools) };
    return { ...base, config, ...(await findFiles(project, problems, { inputs: await known.inputs, unsaved })) };
  };
}

const noProject: ProjectRoles = { configFile: undefined, configText: '', config: undefined, problems: [], roles: [], named: [] };

/** `undefined` when there is none: it may be written again at any time. */
async function readConfig(
  configFile: string,
  unsaved: string | undefined,
): Promise<{ text: string; problems: Problem[] } | undefined> {
  if (unsaved !== undefined) return { text: unsaved, problems: lintConfigText(unsaved) };
  const bytes = await readFile(configFile).catch(() => undefined);
  if (bytes === undefined) return undefined;
  const { text, problems } = decodeText(bytes);
  return { text, problems: [...problems, ...lintConfigText(text)] };
}

/** A model that is not there is the run's to report: the data can be linted all the same. */
async function readInputs({ dir, config }: Project, { readInputs: read }: LintTools): Promise<ModelInputs | undefined> {
  const { model, training, task, method } = config;
  const virtualTokens = 'numVirtualTokens' in method ? method.numVirtualTokens : 0;
  return read?.({ projectDir: dir, model, maxLength: training.maxLength, task: task.type, virtualTokens }).catch(() => undefined);
}

interface Surroundings {
  readonly inputs: ModelInputs | undefined;
  readonly unsaved: FindUnsaved;
}

async function findFiles(
  project: Project,
  configProblems: readonly Problem[],
  { inputs, unsaved }: Surroundings,
): Promise<Pick<ProjectRoles, 'problems' | 'roles' | 'named'>> {
  const problems = [...configProblems];
  const roles: FileRole[] = [];
  const named: string[] = [];
  for (const split of splits) {
    const path = project.config.data[split];
    if (path === undefined) continue;
    const file = resolve(project.dir, path);
    named.push(file);
    const isThere = unsaved(file) !== undefined || (await stat(file).catch(() => undefined)) !== undefined;
    if (isThere) roles.push(await resolveFolder(roleInProject(file, split, project, inputs)));
    else problems.push(missingFile(project, split, file));
  }
  return { problems, roles, named: [...new Set([...named, ...roles.map(({ file }) => file)])] };
}

function missingFile(project: Project, split: Split, file: string): Problem {
  const message = `There is no file ${file}, which "data.${split}" names. Paths are relative to temper.json.`;
  const range = rangeInConfig(project.text, { path: ['data', split], message });
  return { ...range, code: 'missing-file', severity: 'error', message };
}
