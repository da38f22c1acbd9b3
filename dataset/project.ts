/** A project is a folder with a temper.json. What is wrong with that file ends here, with its lines. */
import { readFile } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { parseConfig, RunFailure, type Problem, type RunConfig, type RunError } from '../protocol';
import { applySettings } from './config-settings';
import { lintConfigText, lintConfigValue } from './config-text';
import { decodeText } from './decode-text';

export { applySettings, lintConfigText };

export const configFileName = 'temper.json';

export interface Project {
  /** Absolute. Every path in the config is relative to it. */
  readonly dir: string;
  readonly configFile: string;
  readonly config: RunConfig;
  /** temper.json as it stands on disk, without the settings. */
  readonly text: string;
}

interface ConfigText {
  readonly configFile: string;
  readonly text: string;
  readonly problems: Problem[];
}

/** `projectDir` may also be the temper.json itself; `settings` go on top of it, as in `training.learningRate=1e-4`. */
export async function readProject(projectDir: string, settings: readonly string[] = []): Promise<Project> {
  const { configFile, text, problems } = await readConfigText(projectDir);
  refuse(configFile, problems);
  const value = applySettings(JSON.parse(text), settings);
  const parsed = parseConfig(value);
  if (parsed.kind === 'valid') return { dir: dirname(configFile), configFile, config: parsed.config, text };
  throw new RunFailure(badSettings(configFile, lintConfigValue(text, value)));
}

/** The config with everything that is wrong with it; throws only when there is none. */
async function readConfigText(projectDir: string): Promise<ConfigText> {
  const configFile = configFileIn(resolve(projectDir));
  const { text, problems } = decodeText(await readConfigFile(configFile));
  return { configFile, text, problems: [...problems, ...lintConfigText(text)] };
}

function configFileIn(path: string): string {
  return basename(path) === configFileName ? path : join(path, configFileName);
}

async function readConfigFile(configFile: string): Promise<Uint8Array> {
  try {
    return await readFile(configFile);
  } catch (thrown) {
    throw new RunFailure(unreadable(configFile, thrown));
  }
}

function refuse(configFile: string, problems: readonly Problem[]): void {
  const errors = problems.filter((problem) => problem.severity === 'error');
  const [first] = errors;
  if (first) throw new RunFailure({ ...badConfig(configFile, errors), line: first.line });
}

function badConfig(configFile: string, errors: readonly Problem[]): RunError {
  const lines = errors.map((problem) => `line ${problem.line}: ${problem.message}`);
  return {
    code: 'bad-config',
    message: [`${configFile} cannot be used.`, ...lines].join('\n'),
    hint: errors.length === 1 ? 'Correct this line.' : `Correct these ${errors.length} places.`,
    file: configFile,
  };
}

/** The file was right before the settings came on top, so there is no line to show. */
function badSettings(configFile: string, errors: readonly Problem[]): RunError {
  return {
    code: 'bad-config',
    message: [`${configFile} cannot be used with these settings.`, ...errors.map((problem) => problem.message)].join('\n'),
    hint: 'Correct what stands behind --set.',
    file: configFile,
  };
}

function unreadable(configFile: string, thrown: unknown): RunError {
  const isMissing = thrown instanceof Error && 'code' in thrown && (thrown.code === 'ENOENT' || thrown.code === 'ENOTDIR');
  const reason = thrown instanceof Error ? thrown.message : String(thrown);
  return {
    code: 'bad-config',
    message: isMissing ? `There is no ${configFileName} in ${dirname(configFile)}.` : `${configFile} cannot be read (${reason}).`,
    hint: 'Name the folder of a project, or make one with "temper new".',
    file: configFile,
  };
}
