/**
 * Adapters of a model whose modules PEFT names otherwise than the model's file does (ViT): written with PEFT's names, read
 * with either. Everywhere between the two, names are those of the model's file.
 */
import { z } from 'zod';
import type { Architecture } from '../models/architecture';
import type { PeftSpelling } from '../models/model';
import type { Adapter } from './method';
import { findByPattern, matches, type ModulePattern } from './targets';

/** The adapter with PEFT's names on what is trained and written. */
export function spellAsPeft(adapter: Adapter, { peftSpelling: spelling }: Architecture): Adapter {
  if (spelling === undefined) return adapter;
  const rename = <Value>(named: ReadonlyMap<string, Value>, spell: (name: string) => string) =>
    new Map([...named].map(([name, value]) => [spell(name), value] as const));
  const content = adapter.configFiles.get(configName);
  return {
    ...adapter,
    trained: rename(adapter.trained, spelling.toPeft),
    collectTensors: async () => rename(await adapter.collectTensors(), spelling.toPeft),
    configFiles: new Map([...adapter.configFiles, [configName, respellConfig(content, targetsIn(adapter), spelling)]]),
    assign: (values) => {
      adapter.assign(rename(values, spelling.toFile));
    },
  };
}

const configName = 'adapter_config.json';

/** Module paths, from the names of what is trained on them. */
function targetsIn({ trained }: Adapter): string[] {
  const named = [...trained.keys()].map((name) => /^base_model\.model\.(.*)\.(?:lora_A\.weight|ia3_l)$/.exec(name)?.[1]);
  return named.filter((module) => module !== undefined);
}

const patternSchema = z.union([z.string(), z.array(z.string())]);
const numbersSchema = z.record(z.string(), z.number());
const configSchema = z.looseObject({
  feedforward_modules: patternSchema.optional(),
  rank_pattern: numbersSchema.optional(),
  alpha_pattern: numbersSchema.optional(),
});

/** Patterns cannot be respelt; what they mean in this model can. */
function respellConfig(content: unknown, targets: readonly string[], { toPeft }: PeftSpelling): unknown {
  const { feedforward_modules: feedforward, rank_pattern: ranks, alpha_pattern: alphas, ...rest } = configSchema.parse(content);
  const numbers = (patterns: Readonly<Record<string, number>>) =>
    Object.fromEntries(
      targets.flatMap((module) => {
        const found = findByPattern(patterns, module);
        return found === undefined ? [] : [[toPeft(module), found] as const];
      }),
    );
  return {
    ...rest,
    exclude_modules: null,
    target_modules: targets.map(toPeft),
    ...(feedforward === undefined
      ? {}
      : { feedforward_modules: targets.filter((module) => matches(feedforward, module)).map(toPeft) }),
    ...(ranks === undefined ? {} : { rank_pattern: numbers(ranks) }),
    ...(alphas === undefined ? {} : { alpha_pattern: numbers(alphas) }),
  };
}

/** A tensor's name in a PEFT file of any age, as PEFT spells it today. */
export function modernName(name: string, { peftSpelling: spelling }: Architecture): string {
  return spelling === undefined ? name : spelling.toPeft(spelling.toFile(name));
}

/** A pattern of a PEFT file, as one that means the same in the model's own names. */
export function readPattern<Pattern extends ModulePattern>(
  pattern: Pattern,
  { linears, peftSpelling: spelling }: Architecture,
): Pattern | string[] {
  if (spelling === undefined) return pattern;
  const meant = (one: ModulePattern) => {
    if (linears.some((module) => matches(one, module))) return undefined;
    const modules = linears.filter((module) => matches(one, spelling.toPeft(module)));
    return modules.length > 0 ? modules : undefined;
  };
  if (typeof pattern === 'string') return meant(pattern) ?? pattern;
  return pattern.flatMap((name) => meant([name]) ?? [name]);
}

/** The same for ranks and alphas that are set for some modules. */
export function readNumbers(
  patterns: Readonly<Record<string, number>> | undefined,
  { linears, peftSpelling: spelling }: Architecture,
): Readonly<Record<string, number>> | undefined {
  if (spelling === undefined || patterns === undefined) return patterns;
  const found = linears.map((module) => {
    const number = findByPattern(patterns, module) ?? findByPattern(patterns, spelling.toPeft(module));
    return number === undefined ? [] : [[module, number] as const];
  });
  return Object.fromEntries(found.flat());
}
