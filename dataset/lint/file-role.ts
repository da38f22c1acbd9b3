/** What a file is to its project: which rows it should hold, and which rules matter there. */
import { stat } from 'node:fs/promises';
import { dataSchema, lintSchema, type DataConfig, type LintConfig, type RunConfig, type Split } from '../../protocol';
import { openImageFolder } from '../formats/image-folder';
import type { Project } from '../project';
import type { ModelInputs } from '../rules/rule';

export interface FileRole {
  /** Absolute. */
  readonly file: string;
  /** Undefined for a file that no project names. */
  readonly split: Split | undefined;
  /** Undefined: what the rows look like. */
  readonly task: RunConfig['task']['type'] | undefined;
  readonly data: DataConfig;
  readonly lint: LintConfig;
  /** Where the paths in suppressions begin, and the text of temper.json for fixes that change it. */
  readonly project: { readonly dir: string; readonly configFile: string; readonly text: string } | undefined;
  readonly inputs: ModelInputs | undefined;
  /** A metadata file in a folder of images: its rows are about those. */
  readonly isImageMetadata?: boolean;
}

export function roleInProject(file: string, split: Split, project: Project, inputs: ModelInputs | undefined): FileRole {
  const { task, data, lint } = project.config;
  return { file, split, task: task.type, data, lint, project, inputs };
}

/** A file that no project names: the default columns, the default rules. */
export function roleAlone(file: string): FileRole {
  return {
    file,
    split: undefined,
    task: undefined,
    data: dataSchema.parse({ train: file }),
    lint: lintSchema.parse({}),
    project: undefined,
    inputs: undefined,
  };
}

/** A folder of images is read through the file in it that describes them, where there is one. */
export async function resolveFolder(role: FileRole): Promise<FileRole> {
  const isFolder = await stat(role.file).then(
    (found) => found.isDirectory(),
    () => false,
  ); // what is not there is found out later
  const folder = isFolder ? await openImageFolder(role.file, role.data) : undefined;
  return folder?.kind === 'metadata' ? { ...role, file: folder.file, isImageMetadata: true } : role;
}

/** A file can be two splits of a project. */
export function nameOfRole({ file, split }: Pick<FileRole, 'file' | 'split'>): string {
  return `${split ?? ''}:${file}`;
}

/** Equal keys: the same text gives the same problems. */
export function keyOfRole({ file, split, task, data, lint, inputs, isImageMetadata }: FileRole): string {
  return JSON.stringify([file, split, task, data, lint, inputs?.maxLength, isImageMetadata]);
}
