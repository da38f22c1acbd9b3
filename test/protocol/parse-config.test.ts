import assert from 'node:assert/strict';
import { parseConfig, type ConfigProblem } from '../../protocol';

describe('temper.json', () => {
  it('needs no more than the training rows', () => {
    assert.deepEqual(parseConfig({ data: { train: 'train.jsonl' } }), {
      kind: 'valid',
      config: {
        model: 'tiny-encoder',
        initialWeights: 'pretrained',
        task: { type: 'text-classification' },
        data: {
          train: 'train.jsonl',
          textColumn: 'text',
          labelColumn: 'label',
          messagesColumn: 'messages',
          promptColumn: 'prompt',
          completionColumn: 'completion',
          encoding: 'utf-8',
          labelsColumn: 'labels',
          tokensColumn: 'tokens',
          tagsColumn: 'tags',
          instructionColumn: 'instruction',
          inputColumn: 'input',
          outputColumn: 'output',
          conversationsColumn: 'conversations',
          chosenColumn: 'chosen',
          rejectedColumn: 'rejected',
          anchorColumn: 'anchor',
          positiveColumn: 'positive',
          negativeColumn: 'negative',
          imageColumn: 'file_name',
          captionColumn: 'caption',
          validationFraction: 0.1,
        },
        lint: { rules: {}, suppress: [] },
        method: {
          type: 'lora',
          r: 8,
          alpha: 16,
          dropout: 0,
          bias: 'none',
          useRslora: false,
          useDora: false,
          initialisation: 'kaiming-uniform',
        },
        training: {
          batchSize: 16,
          gradientAccumulationSteps: 1,
          lrScheduler: 'linear',
          warmupRatio: 0.06,
          weightDecay: 0.01,
          maxGradNorm: 1,
          labelSmoothing: 0,
          maxLength: 128,
          keepFrozenStates: true,
          seed: 42,
        },
        evaluation: { metric: 'accuracy', earlyStoppingPatience: 4, batchSize: 64 },
        checkpoints: { keepBest: 1, keepLast: 1 },
        backend: 'auto',
      },
    });
  });

  it('takes the loss for what is best where a model learns to write, unless it is told otherwise', () => {
    const metricOf = (parts: object) => {
      const parsed = parseConfig({ data: { train: 't' }, ...parts });
      return parsed.kind === 'valid' ? parsed.config.evaluation.metric : assert.fail(parsed.problems[0]?.message);
    };
    const task = { type: 'instruction-tuning' };
    assert.deepEqual(
      [{}, { task }, { task, evaluation: { every: 5 } }, { task, evaluation: { metric: 'accuracy' } }].map(metricOf),
      ['accuracy', 'loss', 'loss', 'accuracy'],
    );
  });

  it('keeps the other defaults of a section of which one field is given', () => {
    const parsed = parseConfig({ data: { train: 't' }, training: { seed: 0 }, method: { type: 'lora', r: 4 } });
    assert.ok(parsed.kind === 'valid');
    assert.equal(parsed.config.training.seed, 0);
    assert.equal(parsed.config.training.batchSize, 16);
    const rest = { alpha: 16, dropout: 0, bias: 'none', useRslora: false, useDora: false, initialisation: 'kaiming-uniform' };
    assert.deepEqual(parsed.config.method, { type: 'lora', r: 4, ...rest });
  });

  it('reads a config that it wrote itself', () => {
    const once = parseConfig({ data: { train: 't' }, training: { epochs: 2, learningRate: 1e-4 }, threads: 2 });
    assert.ok(once.kind === 'valid');
    assert.deepEqual(parseConfig(JSON.parse(JSON.stringify(once.config))), once);
  });

  const misspelt: [given: string, meant: string][] = [
    ['modle', 'model'],
    ['Backend', 'backend'],
    ['checkpoint', 'checkpoints'],
    ['data.trian', 'train'],
    ['data.vaildation', 'validation'],
    ['data.textcolumn', 'textColumn'],
    ['task.typ', 'type'],
    ['method.alhpa', 'alpha'],
    ['method.dropuot', 'dropout'],
    ['method.target_modules', 'targetModules'],
    ['training.learningrate', 'learningRate'],
    ['training.batch_size', 'batchSize'],
    ['training.epoch', 'epochs'],
    ['training.warmUpRatio', 'warmupRatio'],
    ['evaluation.evry', 'every'],
    ['evaluation.earlyStopingPatience', 'earlyStoppingPatience'],
    ['checkpoints.keep_best', 'keepBest'],
  ];
  for (const [given, meant] of misspelt) {
    it(`answers "${given}" with its path and "${meant}"`, () => {
      const problems = problemsOf(withKey(given));
      assert.deepEqual(
        problems.map(({ path }) => path.join('.')),
        [given],
      );
      assert.match(problems[0]?.message ?? '', new RegExp(`"${given}" is not a setting\\. Did you mean "${meant}"\\?`));
    });
  }

  it('lists what is known where nothing is near', () => {
    const [problem] = problemsOf({ data: { train: 't' }, checkpoints: { frequency: 3 } });
    assert.match(problem?.message ?? '', /Known here: keepBest, keepLast\./);
  });

  it('takes the method of a run from before other settings were there', () => {
    const method = { type: 'lora', r: 8, alpha: 16, dropout: 0, targetModules: ['query', 'value'], layersToTransform: [1] };
    const parsed = parseConfig({ data: { train: 't' }, method });
    assert.ok(parsed.kind === 'valid' && parsed.config.method.type === 'lora');
    assert.deepEqual({ ...parsed.config.method, ...method }, parsed.config.method);
  });

  it('takes target modules as a list, as a pattern, and as "all-linear"', () => {
    for (const targetModules of [['q_proj'], String.raw`.*\.q_proj`, 'all-linear']) {
      assert.equal(parseConfig({ data: { train: 't' }, method: { type: 'qlora', targetModules } }).kind, 'valid');
    }
  });

  it('does not offer a setting of one method to another', () => {
    const [problem] = problemsOf({ data: { train: 't' }, method: { type: 'full', r: 8 } });
    assert.ok(problem);
    assert.deepEqual(problem.path, ['method', 'r']);
    assert.doesNotMatch(problem.message, /Did you mean "r"/);
  });

  it('knows what kinds of tasks and methods there are', () => {
    const messageOf = (parts: object) =>
      problemsOf({ data: { train: 't' }, ...parts }).map(({ path, message }) => [path.join('.'), message]);
    assert.deepEqual(messageOf({ task: { type: 'instruction-tunning' } }), [
      ['task.type', '"task.type" is "instruction-tunning", which there is not. Did you mean "instruction-tuning"?'],
    ]);
    assert.deepEqual(messageOf({ task: { samples: 3 } }), [
      ['task.type', '"task.type" is missing. Known here: text-classification, instruction-tuning.'],
    ]);
    assert.match(messageOf({ method: { type: 7 } })[0]?.[1] ?? '', /"method.type" is 7, which there is not. Known here: full, /);
  });

  it('refuses what means nothing where there are no labels', () => {
    const config = { data: { train: 't', labels: ['a', 'b'] }, evaluation: { metric: 'macroF1' } };
    assert.equal(parseConfig(config).kind, 'valid');
    assert.deepEqual(
      problemsOf({ ...config, task: { type: 'instruction-tuning' } }).map(({ path }) => path.join('.')),
      ['evaluation.metric', 'data.labels'],
    );
  });

  it('tells all problems at once, each with its path', () => {
    const problems = problemsOf({
      modle: 'x',
      data: { trian: 'a', labels: ['only one'] },
      method: { type: 'lora', r: 0 },
      training: { learningrate: 1, batchSize: 'many', warmupRatio: 2, seed: -1 },
      backend: 'gpu',
    });
    assert.deepEqual(problems.map(({ path }) => path.join('.')).sort(), [
      'backend',
      'data.labels',
      'data.train',
      'data.trian',
      'method.r',
      'modle',
      'training.batchSize',
      'training.learningrate',
      'training.seed',
      'training.warmupRatio',
    ]);
  });

  for (const input of [undefined, null, 'train.jsonl', 3, [], true]) {
    it(`is not ${JSON.stringify(input)}`, () => {
      const [problem] = problemsOf(input);
      assert.ok(problem);
      assert.deepEqual(problem.path, []);
      assert.match(problem.message, /^"temper\.json": /);
    });
  }

  const outOfRange: [string, unknown][] = [
    ['training.epochs', 0],
    ['training.batchSize', 0],
    ['training.batchSize', 1.5],
    ['training.learningRate', 0],
    ['training.learningRate', 1.01],
    ['training.labelSmoothing', -0.1],
    ['data.validationFraction', 1],
    ['data.train', ''],
    ['method.dropout', 1],
    ['method.targetModules', []],
    ['checkpoints.keepLast', 0],
    ['threads', 65],
  ];
  for (const [path, value] of outOfRange) {
    it(`refuses ${JSON.stringify(value)} for ${path}`, () => {
      assert.deepEqual(
        problemsOf(withKey(path, value)).map((problem) => problem.path.join('.')),
        [path],
      );
    });
  }
});

function problemsOf(input: unknown): readonly ConfigProblem[] {
  const parsed = parseConfig(input);
  assert.ok(parsed.kind === 'invalid');
  return parsed.problems;
}

/** A config that is right but for the value at `path`. */
function withKey(path: string, value: unknown = 1): unknown {
  const [section = '', key] = path.split('.');
  const right: Record<string, object> = {
    data: { train: 'train.jsonl' },
    method: { type: 'lora' },
    task: { type: 'text-classification' },
  };
  return { ...right, [section]: key === undefined ? value : { ...right[section], [key]: value } };
}
