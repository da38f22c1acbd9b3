/** `temper lint`: every problem of every row, at its place; `--fix` mends what can be mended. Ctrl-C ends it between two files. */
import { stripVTControlCharacters } from 'node:util';
import { createLintTools } from '../../../inputs/lint-tools';
import { writeFileAtomically } from '../../../runs/write-atomically';
import { cancelOnSignal } from '../cancel-on-signal';
import type { Command } from '../command';
import { lintFiles, mendFiles, withoutKnown, type LintRun } from '../lint-files';
import { exitCodeFor, jsonLines, resultLine, sarifText, summaryLines, textLines, type LintOutcome } from '../lint-report';
import { lintOptions, readLintSettings, type LintSettings } from '../lint-settings';
import type { Output } from '../output';

/** Whoever waits longer is told what for. */
const patienceMs = 2000;

export const lintCommand: Command = {
  name: 'lint',
  synopsis:
    'lint [file|dir]... [--fix [--unsafe-fixes]] [--format text|json|sarif] [--output FILE] [--baseline FILE] [--write-baseline FILE] [--max-problems N] [--quiet]',
  summary:
    'Check data files, or all that a project names, and mend what can be mended (--fix). Exit code 1 when there are errors; --quiet lists nothing else. A baseline holds problems that are known: only new ones count.',
  options: lintOptions,
  async run(args, output) {
    const settings = readLintSettings(args, lintCommand);
    const cancelling = cancelOnSignal();
    const progress = createProgress(output);
    try {
      const { signal } = cancelling;
      const outcome = await lint({
        settings,
        tools: createLintTools(),
        signal,
        onActivity: (activity) => progress.show(activity),
      });
      progress.end();
      await print(outcome, settings, output);
      return exitCodeFor(outcome.files);
    } catch (thrown) {
      if (!cancelling.signal.aborted) throw thrown;
      output.say('Stopped. Files that were mended stay so.');
      output.record({ kind: 'result', stopped: true });
      return 1;
    } finally {
      progress.end();
      cancelling.remove();
    }
  },
};

async function lint(run: LintRun): Promise<LintOutcome> {
  const { files: found, mended } =
    run.settings.fixes === 'none' ? { files: await lintFiles(run), mended: [] } : await mendFiles(run);
  const { files, ...baseline } = await withoutKnown(found, run.settings);
  return { files, mended, baseline };
}

interface LintProgress {
  show(activity: string): void;
  end(): void;
}

/** The seconds go on while a long file is read. */
function createProgress(output: Output): LintProgress {
  const startedAtMs = Date.now();
  let current = '';
  const timer = setInterval(() => {
    const elapsedMs = Date.now() - startedAtMs;
    if (elapsedMs >= patienceMs) output.progress(`${current}  ${Math.round(elapsedMs / 1000)} s`);
  }, 500);
  return {
    show: (activity) => (current = activity),
    end: () => clearInterval(timer),
  };
}

/** The report goes into the file where one was named; the result is told all the same. */
async function print(outcome: LintOutcome, settings: LintSettings, output: Output): Promise<void> {
  const { format, outputFile } = settings;
  if (outputFile !== undefined) await writeFileAtomically(outputFile, reportText(outcome, settings));
  else if (format === 'sarif') process.stdout.write(sarifText(outcome, settings));
  else if (format === 'json') for (const line of jsonLines(outcome, settings)) output.record(line);
  else for (const line of textLines(outcome, settings)) output.say(line);
  for (const line of summaryLines(outcome, settings)) output.say(line);
  output.record(resultLine(outcome, settings));
}

function reportText(outcome: LintOutcome, settings: LintSettings): string {
  if (settings.format === 'sarif') return sarifText(outcome, settings);
  const lines =
    settings.format === 'json'
      ? [...jsonLines(outcome, settings), resultLine(outcome, settings)].map((line) => JSON.stringify(line))
      : [...textLines(outcome, settings), ...summaryLines(outcome, settings)].map(stripVTControlCharacters);
  return `${lines.join('\n')}\n`;
}
