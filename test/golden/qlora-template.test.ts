/**
 * QLoRA on the template that ships, beside LoRA: an epoch from the same seed ends within two hundredths of each other's
 * loss, on a base of which the linear layers take 0.6 byte a parameter at most.
 */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readProject } from '../../dataset/project';
import { packageRoot } from '../../inputs/assets';
import { runTraining } from '../../trainer/run';
import { quietSurroundings } from '../trainer/tiny-training';

const steps = 26;

describe('QLoRA on the instruction-tuning template', function () {
  this.timeout(300_000);
  const runs = mkdtempSync(join(tmpdir(), 'temper-qlora-'));
  after(() => {
    rmSync(runs, { recursive: true, force: true });
  });

  async function train(method: string): Promise<{ before: number; after: number }> {
    const settings = [
      `training.maxSteps=${steps}`,
      `evaluation.every=${steps}`,
      'task.samples=0',
      'backend=wasm',
      `method.type=${method}`,
    ];
    const template = await readProject(join(packageRoot(), 'templates', 'instruction-tuning'), settings);
    const { data } = template.config;
    const { train, validation = '' } = data;
    const absolute = { train: join(template.dir, train), validation: join(template.dir, validation) };
    const project = {
      ...template,
      dir: join(runs, method),
      config: { ...template.config, data: { ...data, ...absolute, test: undefined, ood: undefined } },
    };
    const { state } = await runTraining({
      allowLeaks: true, // the rows are few and alike
      project,
      runId: 'run',
      surroundings: () => quietSurroundings(),
      onEvent: () => undefined,
    });
    const lossOf = (step: number) => state.evaluations.find((evaluation) => evaluation.step === step)?.metrics.loss ?? NaN;
    return { before: lossOf(0), after: lossOf(steps) };
  }

  it('comes within 2 % of LoRA’s loss on held-out rows, far below where both began', async () => {
    const [lora, qlora] = [await train('lora'), await train('qlora')];
    assert.ok(lora.after < 0.7 * lora.before, JSON.stringify(lora));
    assert.ok(qlora.after <= 1.02 * lora.after, `LoRA ${lora.after}, QLoRA ${qlora.after}`);
  });
});
