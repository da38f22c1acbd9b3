/** The shape of a `temper` command, and how its arguments are read. */
import { parseArgs, type ParseArgsOptionsConfig } from 'node:util';
import { nearestName, RunFailure } from '../../protocol';
import type { Output } from './output';

export interface Command {
  readonly name: string;
  readonly synopsis: string;
  readonly summary: string;
  readonly options: ParseArgsOptionsConfig;
  /** Exit code: 0 done, 1 the thing asked about failed, 2 the config was wrong. Whatever is thrown becomes an error line. */
  run(args: CommandArguments, output: Output): Promise<0 | 1 | 2>;
}

export interface CommandArguments {
  readonly positionals: readonly string[];
  readonly text: (name: string) => string | undefined;
  readonly texts: (name: string) => readonly string[];
  readonly flag: (name: string) => boolean;
}

/** Before they are parsed: also what is wrong with them is told in JSON then. */
export function asksForJson(args: readonly string[]): boolean {
  const isFormat = (argument: string, index: number) => argument === 'json' && args[index - 1] === '--format';
  return args.includes('--json') || args.includes('--format=json') || args.some(isFormat);
}

/** @throws RunFailure 'bad-usage' for an option that the command does not have */
export function parseCommandArguments(command: Command, args: readonly string[]): CommandArguments {
  const options: ParseArgsOptionsConfig = { ...command.options, json: { type: 'boolean' } };
  try {
    const { values, positionals } = parseArgs({ args: [...args], options, allowPositionals: true, strict: true });
    const given = new Map<string, string | boolean | (string | boolean)[] | undefined>(Object.entries(values));
    const list = (name: string): string[] =>
      [given.get(name) ?? []].flat().flatMap((value: string | boolean) => (typeof value === 'string' ? [value] : []));
    return { positionals, text: (name) => list(name).at(-1), texts: list, flag: (name) => given.get(name) === true };
  } catch (thrown) {
    throw badUsage(
      adviseOption(args, Object.keys(options)) ?? (thrown instanceof Error ? thrown.message : String(thrown)),
      command,
    );
  }
}

/** About the first option that the command does not have; nothing when something else is wrong. */
function adviseOption(args: readonly string[], known: readonly string[]): string | undefined {
  const given = args.flatMap((argument) => /^--([^=]+)/.exec(argument)?.[1] ?? []);
  const unknown = given.find((name) => !known.includes(name));
  if (unknown === undefined) return undefined;
  const nearest = nearestName(unknown, known);
  return `There is no option "--${unknown}". ${nearest === undefined ? `Known: ${known.map((name) => `--${name}`).join(', ')}.` : `Did you mean "--${nearest}"?`}`;
}

export function badUsage(message: string, command?: Pick<Command, 'synopsis'>): RunFailure {
  const hint = command === undefined ? 'Run `temper --help` for the commands.' : `Usage: temper ${command.synopsis}`;
  return new RunFailure({ code: 'bad-usage', message, hint });
}

export function unknownCommand(name: string, known: readonly string[]): RunFailure {
  const nearest = nearestName(name, known);
  return badUsage(`There is no command "${name}".${nearest === undefined ? '' : ` Did you mean "${nearest}"?`}`);
}
