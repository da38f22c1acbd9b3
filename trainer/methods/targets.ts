/**
 * Which modules of a model a method takes: PEFT's rules, on module paths as Hugging Face has them. A list holds last parts
 * of names, a string is a regular expression for the whole path, and "all-linear" is every linear layer of the base.
 */
import { RunFailure } from '../../protocol';
import { isWithin, type Architecture } from '../models/architecture';

export type ModulePattern = string | readonly string[];

export interface TargetChoice {
  /** The model's usual targets when absent. */
  readonly targetModules?: ModulePattern | undefined;
  readonly excludeModules?: ModulePattern | undefined;
  readonly layersToTransform?: readonly number[] | undefined;
  readonly modulesToSave?: readonly string[] | undefined;
}

export interface Targets {
  /** Module paths, in the model's order. */
  readonly linears: readonly string[];
  readonly embeddings: readonly string[];
  /** What adapter_config.json says of them: the setting as given, "all-linear" spelt out. */
  readonly written: ModulePattern;
  /** Modules that are trained in full: those that start fresh with the task, and those of `modulesToSave`. */
  readonly saved: readonly string[];
}

/** @throws RunFailure 'bad-config' naming everything in the choice that the model does not have */
export function findTargets(choice: TargetChoice, architecture: Architecture): Targets {
  const { linears, embeddings, usualTargets, freshModules } = architecture;
  const { targetModules = usualTargets, excludeModules = [], layersToTransform, modulesToSave = [] } = choice;
  requireFit(targetModules, choice, architecture);
  const saved = [...freshModules, ...findModules(modulesToSave, architecture).filter((name) => !isWithin(name, freshModules))];
  const isFree = (module: string) => !isWithin(module, saved) && !matches(excludeModules, module);
  const isChosen = (module: string) => layersToTransform?.includes(architecture.layerOf(module)) ?? true;
  const candidates = [...embeddings, ...linears].filter((module) => isFree(module) && isChosen(module));
  const isAll = targetModules === 'all-linear';
  const chosen = candidates.filter((module) => (isAll ? linears.includes(module) : matches(targetModules, module)));
  if (chosen.length === 0) throw noTargets(targetModules, candidates);
  return {
    linears: chosen.filter((module) => linears.includes(module)),
    embeddings: chosen.filter((module) => embeddings.includes(module)),
    written: isAll ? chosen : targetModules,
    saved,
  };
}

/** Whether the module is one of those that the pattern means; `"all-linear"` is not looked into. */
export function matches(pattern: ModulePattern, module: string): boolean {
  if (typeof pattern === 'string') return wholePath(pattern).test(module);
  return pattern.some((ending) => module === ending || module.endsWith(`.${ending}`));
}

/** What is left of names from elsewhere: PEFT lets them be as long as one of them is in the model. Otherwise all are refused by name. */
export function keepKnown(names: readonly string[], { linears, embeddings }: Architecture): string[] {
  const known = names.filter((name) => [...embeddings, ...linears].some((module) => matches([name], module)));
  return known.length > 0 ? known : [...names];
}

/** The same for `modules_to_save`, into which PEFT puts the names of heads that a model may not have. */
export function keepKnownModules(names: readonly string[], architecture: Architecture): string[] {
  return names.filter((name) => findModules([name], architecture).length > 0);
}

/** What a rank or alpha pattern says of a module: the value of the first key that its path ends in or matches. */
export function findByPattern(patterns: Readonly<Record<string, number>> = {}, module: string): number | undefined {
  return Object.entries(patterns).find(([key]) => wholePath(`(.*\\.)?(${key})`).test(module))?.[1];
}

/** A regular expression of Python's for a whole path. */
function wholePath(pattern: string): RegExp {
  try {
    return new RegExp(`^(?:${pattern.replaceAll('(?P<', '(?<')})$`);
  } catch (thrown) {
    throw new RunFailure({
      code: 'bad-config',
      message: `The module pattern "${pattern}" is not a regular expression (${thrown instanceof Error ? thrown.message : String(thrown)}).`,
      hint: 'Write a regular expression for whole module paths, or a list of last parts of names.',
    });
  }
}

/** Paths of whole modules whose name ends so, as PEFT finds its `modules_to_save`; not those within one another. */
function findModules(endings: readonly string[], { shapes }: Architecture): string[] {
  const modules = [...new Set([...shapes.keys()].flatMap(modulesAround))];
  const found = modules.filter((module) => endings.some((ending) => module.endsWith(ending)));
  return found.filter((module) => !found.some((other) => module.startsWith(`${other}.`)));
}

/** `a.b.weight` → `a`, `a.b` */
function modulesAround(parameter: string): string[] {
  const parts = parameter.split('.');
  return parts.slice(1).map((_, index) => parts.slice(0, index + 1).join('.'));
}

function requireFit(targetModules: ModulePattern, choice: TargetChoice, architecture: Architecture): void {
  const { linears, embeddings } = architecture;
  const { layersToTransform, excludeModules, modulesToSave = [] } = choice;
  const modules = [...embeddings, ...linears];
  const problems = [
    ...describeLayers(layersToTransform, targetModules, architecture),
    ...describeUnknown('targetModules', targetModules, (name) => modules.some((module) => matches([name], module))),
    ...describeUnknown('excludeModules', excludeModules ?? [], (name) => modules.some((module) => matches([name], module))),
    ...describeUnknown('modulesToSave', modulesToSave, (name) => findModules([name], architecture).length > 0),
  ];
  if (problems.length === 0) return;
  throw new RunFailure({
    code: 'bad-config',
    message: `The method does not fit the model: ${problems.join('; ')}.`,
    hint: `Its linear layers are: ${shortNames(linears)}; its embeddings: ${shortNames(embeddings)}.`,
  });
}

function describeLayers(layers: readonly number[] = [], targets: ModulePattern, { layerCount }: Architecture): string[] {
  const unknown = layers.filter((layer) => layer >= layerCount);
  const isPattern = layers.length > 0 && typeof targets === 'string' && targets !== 'all-linear';
  return [
    ...(unknown.length > 0
      ? [`"method.layersToTransform" names ${unknown.join(', ')}, and the layers of this model are 0 to ${layerCount - 1}`]
      : []),
    ...(isPattern ? ['"method.layersToTransform" goes with a list of target modules, not with a regular expression'] : []),
  ];
}

function describeUnknown(setting: string, names: ModulePattern, isKnown: (name: string) => boolean): string[] {
  if (typeof names === 'string') return [];
  const unknown = names.filter((name) => !isKnown(name));
  if (unknown.length === 0) return [];
  const quoted = unknown.map((name) => `"${name}"`).join(', ');
  return [
    `"method.${setting}" names ${quoted}, which is no ${setting === 'modulesToSave' ? 'module' : 'linear layer or embedding'} of this model`,
  ];
}

function noTargets(targets: ModulePattern, candidates: readonly string[]): RunFailure {
  const asked = typeof targets === 'string' ? `"${targets}"` : targets.map((name) => `"${name}"`).join(', ');
  return new RunFailure({
    code: 'bad-config',
    message: `"method.targetModules" is ${asked}, and no module of this model is left that it means.`,
    hint: `There are: ${shortNames(candidates)}.`,
  });
}

/** Without the layers' numbers, each once. */
function shortNames(modules: readonly string[]): string {
  return [...new Set(modules.map((module) => module.replace(/^.*\.\d+\./, '')))].join(', ') || 'none';
}
