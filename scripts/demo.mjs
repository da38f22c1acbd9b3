// npm run demo: the main job from end to end, in front of your eyes. A project from the template, its data linted, the bundled
// model fine-tuned in a child process, measured on rows it has not seen, and compared with the same model from random weights.
import { spawn } from 'node:child_process';
import { rmSync } from 'node:fs';
import { join, relative } from 'node:path';
import { build, root } from './build.mjs';

const project = join(root, 'out', 'demo-project');
const temper = join(root, 'bin', 'temper.cjs');
const startedAtMs = Date.now();

title('Building');
await build();

title('1. A project from the text-classification template');
rmSync(project, { recursive: true, force: true });
await run('new', 'text-classification', project);

title('2. Its data, linted');
await run('lint', project);

title('3. Fine-tuning the bundled model with LoRA, in a child process');
const tuned = await train('demo');

title('4. The same architecture from random weights, for comparison');
const scratch = await train(
  'from-random-weights',
  'initialWeights=random',
  'method={"type":"full"}',
  'training.learningRate=1e-3',
);

title('5. Runs and checkpoints');
await run('runs', project);

title('Result');
table([
  ['', 'validation', 'test', 'out of distribution'],
  ['always the commonest label', ...accuracies(tuned, 'majority')],
  ['untouched base model', ...accuracies(tuned, 'base')],
  ['trained from random weights', ...accuracies(scratch, 'trained')],
  ['fine-tuned with LoRA', ...accuracies(tuned, 'trained')],
]);
console.log(
  `\nAccuracy on rows the model has never seen. Everything took ${Math.round((Date.now() - startedAtMs) / 1000)} s and stayed on this machine.`,
);
console.log(
  `\nTry it:   npx temper predict ${relative(process.cwd(), join(project, '.temper', 'runs', 'demo'))} "I was charged twice this month"`,
);
console.log('See it:   npm start   opens the extension on a sample project, in your VS Code or in the browser');

/** @param {string} text */
function title(text) {
  console.log(`\n\u001b[1m${text}\u001b[0m`);
}

/** @param {string[]} args */
async function run(...args) {
  const child = spawn(process.execPath, [temper, ...args], { cwd: root, stdio: 'inherit' });
  const code = await new Promise((resolve) => child.once('exit', resolve));
  if (code !== 0) process.exit(typeof code === 'number' ? code : 1);
}

/**
 * Trains in a child process; its words go to the screen, its events are read back from the run folder.
 * @param {string} runId
 * @param {string[]} settings
 */
async function train(runId, ...settings) {
  await run('train', project, '--run-id', runId, ...settings.flatMap((setting) => ['--set', setting]));
  return readEvents(join(project, '.temper', 'runs', runId, 'events.ndjson'));
}

/**
 * @param {string} file
 * @returns {Promise<any[]>}
 */
async function readEvents(file) {
  const { readFile } = await import('node:fs/promises');
  return (await readFile(file, 'utf8'))
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
}

/**
 * @param {any[]} events
 * @param {'majority' | 'base' | 'trained'} subject
 */
function accuracies(events, subject) {
  const bestStep = events.findLast(({ kind }) => kind === 'improved')?.step;
  return ['validation', 'test', 'ood'].map((split) => {
    const found = events.findLast(
      (event) =>
        event.kind === 'evaluated' &&
        event.subject === subject &&
        event.split === split &&
        (subject !== 'trained' || event.step === bestStep),
    );
    return found === undefined ? '–' : found.metrics.accuracy.toFixed(3);
  });
}

/** @param {string[][]} rows */
function table(rows) {
  for (const [name = '', ...cells] of rows) console.log(name.padEnd(30) + cells.map((cell) => cell.padStart(20)).join(''));
}
