/** `temper`: reads the command, runs it, and turns whatever happens into an exit code (0 done, 1 failed, 2 wrong usage). */
import { temperVersion } from '../../inputs/assets';
import { describeThrown, exitCodeOf } from '../../protocol';
import { asksForJson, parseCommandArguments, unknownCommand, type Command } from './command';
import { accelerateCommand } from './commands/accelerate';
import { doctorCommand } from './commands/doctor';
import { evalCommand } from './commands/eval';
import { exportCommand } from './commands/export';
import { lintCommand } from './commands/lint';
import { newCommand } from './commands/new';
import { predictCommand } from './commands/predict';
import { pullCommand } from './commands/pull';
import { runsCommand } from './commands/runs';
import { stopCommand } from './commands/stop';
import { trainCommand } from './commands/train';
import { createOutput } from './output';

const commands: readonly Command[] = [
  newCommand,
  lintCommand,
  trainCommand,
  evalCommand,
  predictCommand,
  exportCommand,
  runsCommand,
  stopCommand,
  pullCommand,
  doctorCommand,
  accelerateCommand,
];

async function main(args: readonly string[]): Promise<number> {
  const [name = '--help', ...rest] = args;
  if (name === '--version') return print(temperVersion());
  if (name === '--help' || name === '-h' || name === 'help') return print(help());
  const output = createOutput(asksForJson(args));
  try {
    const command = commands.find((candidate) => candidate.name === name);
    if (command === undefined)
      throw unknownCommand(
        name,
        commands.map((known) => known.name),
      );
    if (rest.includes('--help') || rest.includes('-h')) return print(`temper ${command.synopsis}\n\n${command.summary}`);
    return await command.run(parseCommandArguments(command, rest), output);
  } catch (thrown) {
    const error = describeThrown(thrown);
    output.error(error);
    if (error.code === 'internal' && error.detail !== undefined) process.stderr.write(`${error.detail}\n`);
    return exitCodeOf(error);
  }
}

function print(text: string): 0 {
  process.stdout.write(`${text}\n`);
  return 0;
}

function help(): string {
  const lines = commands.map(({ synopsis, summary }) => `  temper ${synopsis}\n      ${summary}`);
  return [
    'Temper fine-tunes pretrained models on this machine.',
    '',
    ...lines,
    '',
    'Every command takes --json: one JSON object a line on stdout, the last one is the result.',
  ].join('\n');
}

/** A reader that went away (`| head`) ends us quietly. */
process.stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : 1));

void main(process.argv.slice(2)).then((code) => {
  process.exitCode = code;
});
