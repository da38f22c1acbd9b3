import assert from 'node:assert/strict';
import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { EvaluationRecord } from '../../protocol';
import { readEvaluations, writeEvaluation } from '../../runs/evaluation-record';
import { runPaths } from '../../runs/paths';
import { createTemporaryRun, type TemporaryRun } from './temporary-run';

const evaluation = (id: string, atMs: number): EvaluationRecord => ({
  formatVersion: 1,
  id,
  atMs,
  step: 400,
  split: 'test',
  file: 'test.jsonl',
  rows: 1,
  metrics: { loss: 0.25, accuracy: 1 },
  accuracyInterval: { low: 0.2, high: 1 },
  perLabel: [{ label: 'ham', rows: 1, precision: 1, recall: 1, f1: 1 }],
  predictions: [{ line: 1, text: 'schön 🐧', label: 'ham', predicted: 'ham', score: 0.75 }],
});

describe('the evaluations of a run', () => {
  let run: TemporaryRun;
  let evals: string;
  beforeEach(() => {
    run = createTemporaryRun();
    evals = runPaths(run.runDir).evals;
  });
  afterEach(() => {
    run.delete();
  });

  it('are none in a run that was never evaluated', async () => {
    assert.deepEqual(await readEvaluations(run.runDir), { evaluations: [], skipped: 0 });
  });

  it('come back whole and in the order in which they were made', async () => {
    assert.equal(await writeEvaluation(run.runDir, evaluation('b', 1)), join(evals, 'b.json'));
    await writeEvaluation(run.runDir, evaluation('a', 2));
    assert.deepEqual(await readEvaluations(run.runDir), { evaluations: [evaluation('b', 1), evaluation('a', 2)], skipped: 0 });
    assert.deepEqual(readdirSync(evals).sort(), ['a.json', 'b.json']);
  });

  it('are replaced by their id', async () => {
    await writeEvaluation(run.runDir, evaluation('a', 1));
    await writeEvaluation(run.runDir, evaluation('a', 9));
    assert.deepEqual(
      (await readEvaluations(run.runDir)).evaluations.map(({ atMs }) => atMs),
      [9],
    );
  });

  it('that cannot be understood are skipped and counted, and what is no evaluation is not', async () => {
    await writeEvaluation(run.runDir, evaluation('a', 1));
    writeFileSync(join(evals, 'torn.json'), '{"formatVersion":1');
    writeFileSync(join(evals, 'newer.json'), '{"formatVersion":2}');
    writeFileSync(join(evals, '.a.json.123.tmp'), '{');
    writeFileSync(join(evals, '._a.json'), 'what macOS leaves on shared disks');
    writeFileSync(join(evals, 'notes.txt'), 'mine');
    const found = await readEvaluations(run.runDir);
    assert.deepEqual([found.evaluations.length, found.skipped], [1, 2]);
  });

  for (const id of ['../escaped', '', 'a/b', '.hidden']) {
    it(`are never written under the name ${JSON.stringify(id)}`, async () => {
      await assert.rejects(writeEvaluation(run.runDir, evaluation(id, 1)), TypeError);
    });
  }
});
