/** The bench's contestants, in real processes: turns are asked for and answered, and both sides take the same first step. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { pytorchEntry, startContestant, temperEntry, type Contestant, type Entry } from '../../bench/contestants';
import { writeJob } from '../../bench/job';
import { packageRoot } from '../../inputs/assets';
import { writeTinyModel } from './tiny-model';
import { temporaryFolder } from './tiny-training';

const shape = { rows: 3, length: 5 };

describe('a contestant of the bench', function () {
  this.timeout(300_000);
  const folder = temporaryFolder('bench');
  const open: Contestant[] = [];
  let jobFile = '';

  before(() => {
    const { status, stderr } = spawnSync(process.execPath, [join(packageRoot(), 'scripts', 'bench.mjs'), 'bundle'], {
      encoding: 'utf8',
    });
    assert.equal(status, 0, stderr);
    const modelDir = writeTinyModel(join(folder.path, 'tiny-for-bench'));
    jobFile = writeJob({ modelDir, method: 'lora', shape, learningRate: 1e-2 }); // at which a wrong step shows at once
  });
  afterEach(() => Promise.all(open.splice(0).map((contestant) => contestant.close())));
  after(() => {
    folder.remove();
  });

  const start = async (entry: Entry): Promise<Contestant> => {
    const started = await startContestant(entry);
    if ('reason' in started) assert.fail(started.reason);
    open.push(started);
    return started;
  };

  it('answers every turn with the seconds and the loss of each step, its tokens and its peak memory', async () => {
    const temper = await start(temperEntry(jobFile, 'wasm', 1));
    assert.equal(temper.ready.threads, 1);
    // LoRA r 8 on query and value of two layers of width 16, and the head: 2 · 2 · 8 · (16 + 16) + 7 · 16 + 7
    assert.equal(temper.ready.trainedParameters, 1024 + 119);
    for (const steps of [2, 1]) {
      const { stepSeconds, losses, tokens, peakBytes } = await temper.run(steps);
      assert.equal(stepSeconds.length, steps);
      assert.ok(stepSeconds.every((seconds) => seconds > 0));
      assert.equal(losses.length, steps);
      assert.ok(
        losses.every((loss) => Math.abs(loss - Math.log(7)) < 1, 'near that of guessing'),
        losses.join(),
      );
      assert.equal(tokens, steps * shape.rows * shape.length);
      assert.ok(peakBytes > 10e6, `${peakBytes} bytes`);
    }
  });

  it('is left out with its reason when it refuses', async () => {
    const refusal = JSON.stringify({ kind: 'refused', reason: 'No module named torch' });
    const command = [process.execPath, '-e', `console.log('a library speaks'); console.log(${JSON.stringify(refusal)})`];
    assert.deepEqual(await startContestant({ name: 'Python', command }), { name: 'Python', reason: 'No module named torch' });
  });

  it('that dies is reported with what it wrote', async () => {
    const command = [process.execPath, '-e', 'throw new Error("out of luck")'];
    await assert.rejects(startContestant({ name: 'Unlucky', command }), /Unlucky ended without an answer: .*out of luck/s);
    await assert.rejects(startContestant({ name: 'Absent', command: [join(folder.path, 'nobody')] }), /Absent ended.*ENOENT/s);
  });

  it('in PyTorch takes the same steps from the same weights', async function () {
    const python = process.env['TEMPER_PYTHON'];
    if (python === undefined) {
      console.log('      Skipped: TEMPER_PYTHON names no Python with torch, transformers and peft.');
      this.skip();
    }
    const temper = await start(temperEntry(jobFile, 'wasm', 1)); // first: it writes the weights that PyTorch reads
    const pytorch = await start(pytorchEntry(python, jobFile, { threads: 1 }));
    assert.equal(pytorch.ready.trainedParameters, temper.ready.trainedParameters);
    const [ours, theirs] = [await temper.run(3), await pytorch.run(3)];
    assert.equal(theirs.tokens, ours.tokens);
    ours.losses.forEach((loss, step) => {
      const other = theirs.losses[step] ?? NaN;
      assert.ok(Math.abs(loss - other) <= 1e-4, `step ${step + 1}: ${loss} against ${other}`);
    });
  });
});
