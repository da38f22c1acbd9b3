/**
 * npm run bench:savings: what each saving of a whole run is worth, on the lengths that banking77 has. All ways of doing
 * the same work take turns in one process on the wasm backend; the table gives milliseconds for 16 rows.
 */
import { parseArgs } from 'node:util';
import { loadSplits } from '../dataset/load-splits';
import { readProject } from '../dataset/project';
import { createRandom, type Random } from '../dataset/seeded-random';
import { loraMethodSchema, RunFailure, type MethodConfig, type RunConfig } from '../protocol';
import { chooseBackend } from '../trainer/backends/choose';
import { createEpochBatches, packBatch, type EncodedRow } from '../trainer/batches';
import { encodeSplits, type EncodedSplits } from '../trainer/encode-splits';
import { createTextClassification, predictRows } from '../trainer/tasks/text-classification';
import { createFrozenLayers, type FrozenLayers } from '../trainer/frozen-layers';
import { attachMethod } from '../trainer/methods/registry';
import { loadModel, type LoadedModel } from '../trainer/model-folder';
import { createOptimizer } from '../trainer/optimizer';
import { createSchedule } from '../trainer/schedule';
import { computeGradients, takeStep, type StepOptions } from '../trainer/step';
import * as tf from '../trainer/tensors';
import { findBanking77, writeProject } from './banking77';
import { workDir } from './places';
import { describeMachine, formatTable, median } from './report';

const { values: wanted } = parseArgs({
  options: { model: { type: 'string', default: 'tiny-encoder' }, rounds: { type: 'string', default: '5' } },
});
const batchSize = 16;
const batchesPerTurn = 20;

/** One way of doing the work; a turn does `batchesPerTurn` batches of 16 rows. */
interface Way {
  readonly saving: string;
  readonly name: string;
  turn(round: number): Promise<void>;
}

interface Attached extends StepOptions {
  readonly model: LoadedModel;
}

interface Setting {
  readonly config: RunConfig;
  readonly model: LoadedModel;
  readonly splits: EncodedSplits;
}

async function main(): Promise<void> {
  const data = findBanking77();
  if (data === undefined) return;
  const setting = await prepare(data);
  const ways = [...batchingWays(setting), ...gradientWays(setting), ...frozenWays(setting), ...evaluationWays(setting)];
  const seconds = new Map(ways.map((way) => [way, [] as number[]]));
  for (const way of ways) await way.turn(0);
  for (let round = 0; round < Number(wanted.rounds); round++) {
    for (const way of ways) {
      const startMs = performance.now();
      await way.turn(round);
      seconds.get(way)?.push((performance.now() - startMs) / 1000);
    }
  }
  const rows = ways.map((way) => [way.saving, way.name, ((1000 * median(seconds.get(way) ?? [])) / batchesPerTurn).toFixed(1)]);
  console.log(`${describeMachine()}, ${wanted.model}\n\n${formatTable(['saving', 'way', 'ms for 16 rows'], rows)}`);
}

async function prepare(dataDir: string): Promise<Setting> {
  const request = { name: 'savings', model: wanted.model, method: 'lora', epochs: 1, learningRate: 1e-4 } as const;
  const project = await readProject(writeProject(dataDir, request));
  const { config } = project;
  await chooseBackend({ backend: 'wasm', threads: undefined, projectDir: project.dir });
  const data = await loadSplits(project, 'ignore');
  const model = await loadModel({
    model: config.model,
    projectDir: project.dir,
    head: 'sequence-classification',
    labels: data.labels.length,
    initialWeights: 'pretrained',
    seed: 0,
  });
  const task = createTextClassification(model, data.labels, config.training.maxLength);
  const { splits } = await encodeSplits(data, task, () => Promise.resolve());
  return { config, model, splits };
}

/** A model with a method attached, ready to take steps. */
function attach({ config, model }: Setting, method: MethodConfig): Attached {
  const random = createRandom(0);
  const { architecture, tensors, dir: modelDir } = model;
  const adapter = attachMethod(method, { architecture, tensors, modelDir, random });
  const { training } = config;
  const optimizer = createOptimizer(adapter.trained, training);
  const schedule = createSchedule(training, 1e-4, 1);
  return { model, adapter, optimizer, schedule, training, random, surroundings: { nowMs: () => performance.now() } };
}

const lora = loraMethodSchema.parse({ type: 'lora', r: 8, alpha: 16, targetModules: ['query', 'value'] });

/** Random or like lengths in a batch, padding computed like tokens or not there. */
function batchingWays(setting: Setting): Way[] {
  const options = attach(setting, lora);
  const { encoded } = setting.splits.train;
  const way = (name: string, draw: (random: Random) => EncodedRow[][], change: (rows: EncodedRow[]) => EncodedRow[]): Way => ({
    saving: 'batches',
    name,
    turn: async (round) => {
      const batches = draw(createRandom(round)).slice(0, batchesPerTurn);
      for (const batch of batches) await takeStep(options, [packBatch(change(batch))], 1);
    },
  });
  const grouped = (random: Random) => random.shuffle(createEpochBatches(encoded, batchSize, random)); // else the longest comes first
  const mixed = (random: Random) => cut(random.shuffle(encoded));
  return [
    way('random rows, padded', mixed, pad),
    way('rows of like length, padded', grouped, pad),
    way('random rows, packed', mixed, (rows) => rows),
    way('rows of like length, packed', grouped, (rows) => rows),
  ];
}

function gradientWays(setting: Setting): Way[] {
  const way = (name: string, method: MethodConfig): Way => {
    const options = attach(setting, method);
    return {
      saving: 'gradients',
      name,
      turn: async (round) => {
        for (const batch of trainBatches(setting, round)) {
          tf.dispose((await computeGradients(options, [packBatch(batch)])).gradients);
        }
      },
    };
  };
  return [way('of every weight', { type: 'full' }), way('of the LoRA updates only', lora)];
}

/** Once the states are kept, as in every epoch but the first. */
function frozenWays(setting: Setting): Way[] {
  const methods: [string, MethodConfig][] = [
    ['last two layers, full', { type: 'full', lastLayers: 2 }],
    ['LoRA in the last two layers', { ...lora, layersToTransform: lastTwo(setting) }],
    ['head only', { type: 'head-only' }],
  ];
  return methods.flatMap(([name, method]) => {
    const options = attach(setting, method);
    return [false, true].map((keep): Way => {
      const frozen = freeze(setting, options, keep);
      return {
        saving: name,
        name: keep ? 'states kept' : 'states computed each time',
        turn: async () => {
          for (const batch of trainBatches(setting, 0)) await takeStep({ ...options, frozen }, [packBatch(batch)], 1);
        },
      };
    });
  });
}

function evaluationWays(setting: Setting): Way[] {
  const rows = setting.splits.validation.encoded.slice(0, batchSize * batchesPerTurn);
  const way = (saving: string, name: string, options: Attached, size: number, frozen?: FrozenLayers): Way => ({
    saving,
    name,
    turn: async () => {
      await predictRows(options.model, options.adapter, rows, { batchSize: size, frozen });
    },
  });
  const options = attach(setting, lora);
  const top = attach(setting, { type: 'full', lastLayers: 2 });
  return [
    ...[16, 64, 256].map((size) => way('evaluation', `${size} rows a batch`, options, size)),
    way('evaluation, last two layers', 'states computed each time', top, 64, freeze(setting, top, false)),
    way('evaluation, last two layers', 'states kept', top, 64, freeze(setting, top, true)),
  ];
}

function freeze({ splits }: Setting, { model, adapter }: StepOptions, keep: boolean): FrozenLayers | undefined {
  const rows = Object.values(splits).flatMap(({ encoded }) => encoded);
  return createFrozenLayers({ model, adapter, rows, dir: workDir(), keep });
}

function lastTwo({ model }: Setting): number[] {
  const { layerCount } = model.backbone;
  return [layerCount - 2, layerCount - 1];
}

function trainBatches({ splits }: Setting, round: number): EncodedRow[][] {
  return createEpochBatches(splits.train.encoded, batchSize, createRandom(round)).slice(0, batchesPerTurn);
}

function cut(rows: readonly EncodedRow[]): EncodedRow[][] {
  return Array.from({ length: rows.length / batchSize }, (_, index) => rows.slice(index * batchSize, (index + 1) * batchSize));
}

/** Every row as long as the longest: padding costs what tokens cost. */
function pad(rows: readonly EncodedRow[]): EncodedRow[] {
  const longest = Math.max(...rows.map(({ ids }) => ids.length));
  return rows.map((row) => {
    const ids = new Int32Array(longest).fill(row.ids[0] ?? 0);
    ids.set(row.ids);
    return { ...row, ids };
  });
}

void main().then(
  () => process.exit(0),
  (thrown: unknown) => {
    console.error(thrown instanceof RunFailure ? thrown.message : thrown);
    process.exit(1);
  },
);
