/**
 * npm run bench:quality: whole fine-tunes of the bundled model on banking77, beside PyTorch + PEFT on the same rows where a
 * Python with them is found. `npm run bench:quality -- LoRA` runs only the settings whose name has the word in it.
 */
import { join } from 'node:path';
import { packageRoot } from '../trainer/assets';
import { findBanking77, writeProject } from './banking77';
import { findPython } from './python';
import { describeMachine, formatMegabytes, formatSeconds, formatTable } from './report';
import { runPeer, runTemper, type WholeRun } from './whole-runs';

const settings = [
  { name: 'full', method: 'full', epochs: 3, learningRate: 5e-4 },
  { name: 'LoRA r 8', method: 'lora', epochs: 3, learningRate: 5e-3 },
  { name: 'full, 10 rows a class', method: 'full', perLabel: 10, epochs: 15, learningRate: 5e-4 },
] as const;

async function main(): Promise<void> {
  const dataDir = findBanking77();
  if (dataDir === undefined) return;
  const only = process.argv.slice(2).filter((argument) => !argument.startsWith('-'));
  const found = findPython();
  if (found.kind === 'missing') console.log(`PyTorch + PEFT is left out: ${found.reason}.`);
  const rows: string[][] = [];
  for (const setting of settings) {
    if (only.length > 0 && !only.some((word) => setting.name.includes(word))) continue;
    const project = writeProject(dataDir, { ...setting, model: 'tiny-encoder' });
    rows.push(formatRow(setting.name, 'Temper, wasm', await runTemper(project)));
    if (found.kind === 'missing') continue;
    const model = join(packageRoot(), 'models', 'tiny-encoder');
    const peer = await runPeer({ ...setting, python: found.python, project, model, options: ['--group'] });
    rows.push(formatRow(setting.name, 'PyTorch + PEFT', peer));
  }
  console.log(`\n${describeMachine()}\n`);
  console.log(formatTable(['method', 'who', 'test accuracy', 'training s', 'whole run s', 'peak MB'], rows));
}

function formatRow(name: string, who: string, { testAccuracy, trainingSeconds, seconds, peakBytes }: WholeRun): string[] {
  return [name, who, testAccuracy.toFixed(3), formatSeconds(trainingSeconds), formatSeconds(seconds), formatMegabytes(peakBytes)];
}

void main().catch((thrown: unknown) => {
  console.error(thrown);
  process.exit(1);
});
