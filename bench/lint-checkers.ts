/**
 * Temper beside Together's checker and frictionless: the same file, turns one after the other, the median of the turns.
 * Then a file with known defects: how many does each one report at their lines?
 */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { writeDefects, type Planted } from './lint-defects';
import { RowMaker, writeRows, type DataFormat } from './lint-data';
import { checkerCommand, readingSchema, runOnce, temperCommand, type Checker, type Reading } from './lint-runs';
import { formatMegabytes, formatTable, median } from './report';

interface Contestant {
  readonly name: string;
  /** Its words for defects are ours: then it must name the right one; of others it is enough that they say anything of the line. */
  readonly hasOurCodes: boolean;
  readonly command: (file: string) => string[];
}

export function compareCheckers(dir: string, { rows, rounds }: { rows: number; rounds: number }): void {
  for (const format of ['jsonl', 'csv'] as const) {
    const contestants = [...temperContestants, ...findCheckers(format)];
    const file = join(dir, `rows.${format}`);
    writeRows(new RowMaker({ seed: 3, twins: 0.01 }), { file, rows });
    const turns = takeTurns(contestants, file, rounds);
    const { file: defects, planted } = writeDefects(dir, format);
    const table = contestants.map((contestant, index) => [
      contestant.name,
      ...formatTurns(turns[index] ?? [], rows),
      ...formatFound(runOnce(contestant.command(defects), readingSchema), planted, contestant),
    ]);
    console.log(
      `\n### Beside other checkers: ${rows.toLocaleString('en-US')} rows of ${format.toUpperCase()}, medians of ${rounds}\n`,
    );
    const header = [
      'who',
      's',
      'rows/s',
      'rows/s of the processor',
      'peak MB',
      `of ${planted.length} planted defects`,
      'elsewhere',
    ];
    console.log(formatTable(header, table));
  }
}

const temperContestants: readonly Contestant[] = [
  ['syntax and shape', 'shape'],
  ['all rules', 'all'],
].map(([what = '', depth = '']) => ({
  name: `Temper, ${what}`,
  hasOurCodes: true,
  command: (file) => temperCommand(['read', file, '--depth', depth, '--list']),
}));

/** Those that the Python in TEMPER_CHECKER_PYTHON has; frictionless reads JSON Lines only with further packages. */
function findCheckers(format: DataFormat): Contestant[] {
  const python = process.env['TEMPER_CHECKER_PYTHON'] ?? 'python3';
  const wanted: readonly Checker[] = format === 'csv' ? ['together', 'frictionless'] : ['together'];
  return wanted.flatMap((checker) => {
    const script = `import importlib.metadata as m; import ${checker}; print(m.version("${checker}"))`;
    const { stdout, status } = spawnSync(python, ['-c', script], { encoding: 'utf8' });
    if (status === 0)
      return {
        name: `${checker} ${stdout.trim()}`,
        hasOurCodes: false,
        command: (file) => checkerCommand(python, checker, file),
      };
    console.log(`\n${checker} is left out: "${python}" does not have it; set TEMPER_CHECKER_PYTHON to a Python that has.`);
    return [];
  });
}

/** The first turn of each is not counted: it warms the disk's cache. */
function takeTurns(contestants: readonly Contestant[], file: string, rounds: number): Reading[][] {
  const turns = contestants.map((): Reading[] => []);
  for (let round = 0; round <= rounds; round++) {
    for (const [index, { command }] of contestants.entries()) {
      const reading = runOnce(command(file), readingSchema);
      if (round > 0) turns[index]?.push(reading);
    }
  }
  return turns;
}

function formatTurns(turns: readonly Reading[], rows: number): string[] {
  const of = (name: 'seconds' | 'cpuSeconds' | 'peakBytes') => median(turns.map((turn) => turn[name]));
  const pace = (seconds: number) => Math.round(rows / seconds).toLocaleString('en-US');
  return [of('seconds').toFixed(2), pace(of('seconds')), pace(of('cpuSeconds')), formatMegabytes(of('peakBytes'))];
}

function formatFound({ found }: Reading, planted: readonly Planted[], { hasOurCodes }: Contestant): string[] {
  const isSeen = (defect: Planted) =>
    found.some(({ line, code }) => line === defect.line && (!hasOurCodes || code === defect.code));
  const elsewhere = found.filter(({ line }) => !planted.some((defect) => defect.line === line));
  return [String(planted.filter(isSeen).length), String(elsewhere.length)];
}
