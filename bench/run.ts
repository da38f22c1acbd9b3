/**
 * npm run bench:run: a whole LoRA fine-tune of a Hugging Face model on banking77 in Temper and in Python, and how long each
 * takes to the same validation accuracy. The runs follow one another on an otherwise idle machine.
 */
import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { findModelDir } from '../inputs/find-model';
import { findBanking77, writeProject } from './banking77';
import { askPython, findMiniLm, findPython } from './python';
import { describeMachine, formatMegabytes, formatSeconds, formatTable } from './report';
import { runPeer, runTemper, type WholeRun } from './whole-runs';

const found = findPython();
const { values } = parseArgs({
  options: {
    model: { type: 'string', default: findMiniLm(found) ?? 'tiny-encoder' },
    method: { type: 'string', default: 'lora' },
    epochs: { type: 'string', default: '3' },
    rate: { type: 'string', default: '3e-3' },
    rows: { type: 'string' },
    threads: { type: 'string', default: String(availableParallelism()) },
    target: { type: 'string' },
  },
});

interface NamedRun extends WholeRun {
  readonly who: string;
}

async function main(): Promise<void> {
  const dataDir = findBanking77();
  if (dataDir === undefined) return;
  const model = findModelDir(values.model, process.cwd());
  const setting = {
    model,
    method: values.method === 'full' ? ('full' as const) : ('lora' as const),
    epochs: Number(values.epochs),
    learningRate: Number(values.rate),
  };
  const perLabel = values.rows === undefined ? {} : { perLabel: Number(values.rows) };
  const project = writeProject(dataDir, { name: 'whole-run', ...setting, ...perLabel, threads: Number(values.threads) });

  const runs: NamedRun[] = [];
  const add = (who: string, run: WholeRun) => {
    runs.push({ who, ...run });
    console.log(
      `${who}: ${run.curve.map(({ seconds, accuracy }) => `${accuracy.toFixed(3)} (${seconds.toFixed(0)} s)`).join(', ')}`,
    );
  };
  add('Temper', await runTemper(project));
  if (found.kind === 'missing') console.log(`PyTorch + PEFT is left out: ${found.reason}.`);
  else {
    const peer = { python: found.python, project, ...setting };
    const options = ['--evaluations-per-epoch', '2', '--threads', values.threads];
    add("PyTorch + PEFT, Trainer's defaults", await runPeer({ ...peer, options }));
    add('PyTorch + PEFT, --group', await runPeer({ ...peer, options: [...options, '--group'] }));
  }
  report(runs, model);
}

/** The target is what the worst of them reaches at its best, so that every one gets there. */
function report(runs: readonly NamedRun[], model: string): void {
  const best = runs.map(({ curve }) => Math.max(...curve.map(({ accuracy }) => accuracy)));
  const target = values.target === undefined ? Math.min(...best) : Number(values.target);
  console.log(
    `\n${describeMachine(versionsOfPython())}, ${values.threads} threads, ${model}, ${values.method}, rate ${values.rate}\n`,
  );
  const header = ['who', `s to ${target.toFixed(3)}`, 'best validation', 'test accuracy', 'training s', 'whole run s', 'peak MB'];
  const rows = runs.map((run, index) => [
    run.who,
    formatSeconds(run.curve.find(({ accuracy }) => accuracy >= target)?.seconds),
    (best[index] ?? NaN).toFixed(3),
    run.testAccuracy.toFixed(3),
    formatSeconds(run.trainingSeconds),
    formatSeconds(run.seconds),
    formatMegabytes(run.peakBytes),
  ]);
  console.log(formatTable(header, rows));
}

function versionsOfPython(): Record<string, string> {
  const script = 'import importlib.metadata as m; print(*(m.version(p) for p in ("torch", "transformers", "peft")))';
  const [torch, transformers, peft] = askPython(found, script)?.split(' ') ?? [];
  return torch === undefined || transformers === undefined || peft === undefined ? {} : { torch, transformers, peft };
}

void main().catch((thrown: unknown) => {
  console.error(thrown);
  process.exit(1);
});
