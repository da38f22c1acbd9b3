// npm run bench: whole fine-tunes of the bundled model on banking77 (real customer questions, 77 intents), beside PyTorch + PEFT
// on the same rows where a Python with them is found (TEMPER_PYTHON). Runs alone: start nothing else meanwhile.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { build, root } from './build.mjs';

const data = process.env.TEMPER_BENCH_DATA ?? join(root, '..', 'shared', 'data', 'banking77');
const peer = process.env.TEMPER_BENCH_PEER ?? join(root, '..', 'shared', 'peers', 'classify.py');
const python = process.env.TEMPER_PYTHON;
const work = join(root, 'out', 'bench');
const validationRows = 1000;

if (!existsSync(data)) {
  console.log(`Skipped: banking77 is not at ${data}. Set TEMPER_BENCH_DATA to a folder with its train.csv and test.csv.`);
  process.exit(0);
}

const settings = [
  { name: 'full', method: { type: 'full' }, perClass: undefined, epochs: 3, rate: 5e-4 },
  { name: 'LoRA r 8', method: { type: 'lora' }, perClass: undefined, epochs: 3, rate: 5e-3 },
  { name: 'full, 10 rows a class', method: { type: 'full' }, perClass: 10, epochs: 15, rate: 5e-4 },
];
const only = process.argv.slice(2).filter((argument) => !argument.startsWith('-'));

await build();
const rows = [];
for (const setting of settings) {
  if (only.length > 0 && !only.some((name) => setting.name.includes(name))) continue;
  const project = writeProject(setting);
  rows.push({ who: 'Temper, wasm', name: setting.name, ...runTemper(project, setting) });
  if (python !== undefined) rows.push({ who: 'PyTorch + PEFT', name: setting.name, ...runPeer(project, setting) });
}
console.log(
  `\n${new Date().toISOString().slice(0, 10)}, ${cpus().length} × ${cpus()[0]?.model ?? 'unknown processor'}, Node ${process.version}\n`,
);
console.log('| method | who | test accuracy | training s | whole run s | peak MB |\n|---|---|---|---|---|---|');
for (const { name, who, accuracy, trainingSeconds, seconds, peakMb } of rows) {
  console.log(
    `| ${name} | ${who} | ${accuracy.toFixed(3)} | ${trainingSeconds.toFixed(0)} | ${seconds.toFixed(0)} | ${peakMb.toFixed(0)} |`,
  );
}

/** @param {typeof settings[number]} setting */
function writeProject({ name, method, perClass, epochs, rate }) {
  const project = join(work, name.replaceAll(/\W+/g, '-'));
  rmSync(project, { recursive: true, force: true });
  mkdirSync(join(project, 'data'), { recursive: true });
  const shuffled = shuffle(readCsv(join(data, 'train.csv')), 0);
  const validation = shuffled.slice(0, validationRows);
  const train = perClass === undefined ? shuffled.slice(validationRows) : firstOfEach(shuffled.slice(validationRows), perClass);
  const files = { train, validation, test: readCsv(join(data, 'test.csv')) };
  for (const [split, splitRows] of Object.entries(files)) {
    writeFileSync(join(project, 'data', `${split}.jsonl`), splitRows.map((row) => `${JSON.stringify(row)}\n`).join(''));
  }
  const paths = Object.fromEntries(Object.keys(files).map((split) => [split, `data/${split}.jsonl`]));
  const config = {
    model: 'tiny-encoder',
    data: paths,
    method,
    training: { epochs, learningRate: rate, seed: 0 },
    evaluation: { earlyStoppingPatience: 0 },
  };
  writeFileSync(join(project, 'temper.json'), JSON.stringify(config, undefined, 2));
  return project;
}

/** @param {string} project */
function runTemper(project) {
  const startMs = performance.now();
  const { stdout, stderr, status } = spawnSync(process.execPath, [join(root, 'bin', 'temper.cjs'), 'train', project, '--json'], {
    encoding: 'utf8',
    maxBuffer: 1 << 28,
  });
  if (status !== 0) throw new Error(`temper train failed:\n${stdout.slice(-2000)}${stderr}`);
  const events = stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
  const steps = events.filter(({ kind }) => kind === 'step');
  const trainingSeconds = (steps.at(-1).atMs - steps[0].atMs + steps[0].stepMs) / 1000;
  return {
    accuracy: events.at(-1).metrics.test.accuracy,
    trainingSeconds,
    seconds: (performance.now() - startMs) / 1000,
    peakMb: Math.max(...steps.map(({ memoryBytes }) => memoryBytes)) / 1e6,
  };
}

/**
 * @param {string} project
 * @param {typeof settings[number]} setting
 */
function runPeer(project, { method, epochs, rate }) {
  const startMs = performance.now();
  const args = [
    peer,
    project,
    join(root, 'models', 'tiny-encoder'),
    method.type,
    '--epochs',
    String(epochs),
    '--lr',
    String(rate),
    '--group',
  ];
  const { stdout, stderr, status } = spawnSync(python ?? 'python3', args, { encoding: 'utf8', maxBuffer: 1 << 28 });
  if (status !== 0) throw new Error(`${peer} failed:\n${stderr}`);
  const { testAccuracy, seconds, peakMb } = JSON.parse(stdout.trimEnd().split('\n').at(-1) ?? '{}');
  return { accuracy: testAccuracy, trainingSeconds: seconds, seconds: (performance.now() - startMs) / 1000, peakMb };
}

/**
 * text,category with quoted texts: enough for this one file.
 * @param {string} file
 * @returns {{ text: string, label: string }[]}
 */
function readCsv(file) {
  const rows = readFileSync(file, 'utf8').matchAll(/^(?:"((?:[^"]|"")*)"|([^",\n]*)),([^,\r\n]+)\r?$/gm);
  return [...rows]
    .slice(1)
    .map(([, quoted, plain, label = '']) => ({ text: (quoted ?? plain ?? '').replaceAll('""', '"').trim(), label }));
}

/**
 * @template Item
 * @param {Item[]} items
 * @param {number} seed
 */
function shuffle(items, seed) {
  let state = seed + 1;
  const keyed = items.map((item) => ({ item, key: (state = (state * 48271) % 2147483647) }));
  return keyed.sort((a, b) => a.key - b.key).map(({ item }) => item);
}

/**
 * @param {{ text: string, label: string }[]} rows
 * @param {number} perClass
 */
function firstOfEach(rows, perClass) {
  const seen = new Map();
  return rows.filter(({ label }) => {
    seen.set(label, (seen.get(label) ?? 0) + 1);
    return (seen.get(label) ?? 0) <= perClass;
  });
}
