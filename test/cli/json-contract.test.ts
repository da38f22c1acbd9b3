/** What `--json` prints, command by command, is a promise (DESIGN, section 6): people's scripts are built on it. */
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { packageRoot } from '../../inputs/assets';
import { acceleratorReportSchema, accelerators, evaluationRecordSchema, findingSchema, parseRunEvent } from '../../protocol';
import { temporaryFolder } from '../trainer/tiny-training';
import { kindsOf, runFolders, temper, writeTinyProject, type CliOutcome, type JsonLine } from './tiny-project';

const keysOf = (line: object) => Object.keys(line).sort();
const metricKeys = ['accuracy', 'loss', 'macroF1'];

function assertMetrics(value: unknown): void {
  assert.ok(typeof value === 'object' && value !== null);
  assert.deepEqual(keysOf(value), metricKeys);
  for (const [name, metric] of Object.entries(value))
    assert.ok(typeof metric === 'number' && metric >= 0 && (name === 'loss' || metric <= 1), name);
}

function assertError({ code, last, lines }: CliOutcome, exitCode: number, errorCode: string): void {
  assert.equal(code, exitCode);
  assert.equal(lines.filter(({ kind }) => kind === 'error').length, 1);
  assert.equal(last.kind, 'error');
  assert.equal(last['code'], errorCode);
  assert.ok(typeof last['message'] === 'string' && last['message'] !== '');
  assert.ok(typeof last['hint'] === 'string' && last['hint'] !== '');
  assert.deepEqual(
    keysOf(last).filter((key) => !['code', 'file', 'hint', 'kind', 'line', 'message'].includes(key)),
    [],
  );
}

describe('temper --json', function () {
  this.timeout(60_000);
  const folder = temporaryFolder('cli-json');
  const project = join(folder.path, 'project');
  const runDir = join(project, '.temper', 'runs', 'first');
  let trained: CliOutcome;

  before(async () => {
    writeTinyProject(project);
    trained = await temper(['train', project, '--run-id', 'first', '--json']);
  });
  after(() => {
    folder.remove();
  });

  describe('train', () => {
    it('prints the run’s events, as in events.ndjson, and the result last', () => {
      assert.equal(trained.code, 0, trained.stderr);
      const events = trained.lines.slice(0, -1);
      const logged = readFileSync(join(runDir, 'events.ndjson'), 'utf8').trimEnd().split('\n');
      assert.deepEqual(
        events,
        logged.map((line) => JSON.parse(line) as JsonLine),
      );
      for (const event of events) assert.notEqual(parseRunEvent(event), undefined, event.kind);
      assert.deepEqual(
        events.map(({ seq }) => seq),
        events.map((_, index) => index + 1),
      );
      assert.equal(events.at(-1)?.kind, 'ended');
      assert.equal(trained.stdout.split('\n').filter((line) => line !== '').length, trained.lines.length, 'every line is JSON');
    });

    it('prints steps, evaluations and checkpoints with the keys of the promise', () => {
      const [step] = trained.lines.filter(({ kind }) => kind === 'step');
      assert.deepEqual(keysOf(step ?? {}), [
        'atMs',
        'epoch',
        'gradNorm',
        'kind',
        'learningRate',
        'loss',
        'memoryBytes',
        'seq',
        'step',
        'stepMs',
        'tokensPerSecond',
      ]);
      const evaluated = trained.lines.filter(({ kind }) => kind === 'evaluated');
      assert.deepEqual(
        evaluated.map(({ subject, split, step }) => [subject, split, step]),
        [
          ['majority', 'validation', 0],
          ['base', 'validation', 0],
          ['majority', 'test', 0],
          ['base', 'test', 0],
          ['trained', 'validation', 2],
          ['trained', 'validation', 4],
          ['trained', 'test', trained.last['bestStep']],
        ],
      );
      for (const { metrics } of evaluated) assertMetrics(metrics);
      const [saved] = trained.lines.filter(({ kind }) => kind === 'saved');
      assert.deepEqual(keysOf(saved ?? {}), ['atMs', 'bytes', 'kind', 'metrics', 'path', 'seq', 'step']);
      assert.equal(saved?.['path'], 'checkpoints/step-000002');
    });

    it('ends with the run’s state, its checkpoints and its metrics', () => {
      const { last } = trained;
      assert.deepEqual(keysOf(last), ['bestStep', 'checkpoints', 'kind', 'metrics', 'runDir', 'runId', 'state']);
      assert.equal(last.kind, 'result');
      assert.deepEqual([last['runId'], last['runDir'], last['state']], ['first', runDir, 'completed']);
      const checkpoints = last['checkpoints'] as { step: number; path: string; metrics: unknown }[]; // asserted below
      assert.ok(checkpoints.length >= 1);
      for (const { path, metrics } of checkpoints) {
        assertMetrics(metrics);
        assert.ok(existsSync(join(runDir, path, 'MANIFEST.json')), path);
      }
      assert.ok(checkpoints.some(({ step }) => step === last['bestStep']));
      const metrics = last['metrics'] as Record<string, unknown>;
      assert.deepEqual(keysOf(metrics), ['base', 'majority', 'test', 'validation']);
      Object.values(metrics).forEach(assertMetrics);
    });

    it('keeps with each checkpoint what transformers keeps: the step, the metrics, the best so far', () => {
      const { bestStep, checkpoints } = trained.last as unknown as {
        bestStep: number;
        checkpoints: { step: number; path: string; metrics: { accuracy: number } }[];
      };
      const best = checkpoints.find(({ step }) => step === bestStep) ?? assert.fail();
      const state = JSON.parse(readFileSync(join(runDir, best.path, 'trainer_state.json'), 'utf8')) as Record<string, unknown>;
      assert.deepEqual(
        [state['global_step'], state['max_steps'], state['best_global_step'], state['best_metric']],
        [bestStep, 4, bestStep, best.metrics.accuracy],
      );
      assert.equal((state['log_history'] as { eval_accuracy: number }[]).at(-1)?.eval_accuracy, best.metrics.accuracy);
    });

    it('ends with a result also when the run fails, with its error in it, and exit code 1', async () => {
      const outcome = await temper([
        'train',
        project,
        '--run-id',
        'diverged',
        '--set',
        'training.learningRate=1',
        '--set',
        'training.weightDecay=1e38',
        '--json',
      ]);
      assert.equal(outcome.code, 1);
      const { last } = outcome;
      assert.deepEqual([last.kind, last['runId'], last['state']], ['result', 'diverged', 'diverged']);
      const error = last['error'] as JsonLine;
      assert.deepEqual([error['code'], typeof error['message'], typeof error['hint']], ['diverged', 'string', 'string']);
    });

    it('ends with an error, exit code 2 and no run when the config is wrong', async () => {
      const before = runFolders(project).length;
      assertError(await temper(['train', project, '--set', 'training.learningrate=1', '--json']), 2, 'bad-config');
      assertError(await temper(['train', join(folder.path, 'nowhere'), '--json']), 2, 'bad-config');
      assertError(await temper(['train', project, project, '--json']), 2, 'bad-usage');
      assert.equal(runFolders(project).length, before);
    });

    it('has exit code 2 when a setting turns out wrong only when the model is there', async () => {
      const outcome = await temper([
        'train',
        project,
        '--run-id',
        'no-target',
        '--set',
        'method.targetModules=["q_proj"]',
        '--json',
      ]);
      assert.equal(outcome.code, 2);
      const { code, hint } = outcome.last['error'] as { code: string; hint: string };
      assert.equal(code, 'bad-config');
      assert.match(hint, /attention\.self\.query/);
      assert.deepEqual([outcome.last.kind, outcome.last['state']], ['result', 'failed']);
    });

    it('refuses a run id that is taken, and touches nothing of that run', async () => {
      const before = readFileSync(join(runDir, 'events.ndjson'), 'utf8');
      assertError(await temper(['train', project, '--run-id', 'first', '--json']), 1, 'bad-run');
      assertError(await temper(['train', project, '--run-id', '../elsewhere', '--json']), 1, 'bad-run');
      assert.equal(readFileSync(join(runDir, 'events.ndjson'), 'utf8'), before);
    });
  });

  describe('eval', () => {
    it('prints progress, then split, rows and metrics, and keeps every row’s prediction', async () => {
      const outcome = await temper(['eval', runDir, '--split', 'test', '--json']);
      assert.equal(outcome.code, 0, outcome.stderr);
      assert.deepEqual(kindsOf(outcome), ['progress', 'result']);
      const { split, rows, metrics, step, file, perLabel } = outcome.last;
      assert.deepEqual([split, rows, step], ['test', 10, trained.last['bestStep']]);
      assert.deepEqual(metrics, (trained.last['metrics'] as { test: unknown }).test, 'the same figures as the run had');
      assert.deepEqual(
        (perLabel as { label: string }[]).map(({ label }) => label),
        ['bad', 'good'],
      );
      const record = evaluationRecordSchema.parse(JSON.parse(readFileSync(String(file), 'utf8')));
      assert.equal(record.predictions.length, 10);
      const right = record.predictions.filter((row) => 'label' in row && row.label === row.predicted).length;
      assert.equal(right / 10, record.metrics.accuracy);
    });

    it('takes a checkpoint, and a file of rows', async () => {
      const [name = ''] = readdirSync(join(runDir, 'checkpoints'));
      const file = join(project, 'validation.jsonl');
      const outcome = await temper(['eval', join(runDir, 'checkpoints', name), '--split', file, '--json']);
      assert.equal(outcome.code, 0, outcome.stderr);
      assert.deepEqual([outcome.last['split'], outcome.last['rows']], [file, 8]);
    });

    it('ends with an error when there is no such split, file or folder', async () => {
      assertError(await temper(['eval', runDir, '--split', 'ood', '--json']), 2, 'bad-usage');
      assertError(await temper(['eval', runDir, '--split', 'nothing.jsonl', '--json']), 2, 'bad-usage');
      assertError(await temper(['eval', project, '--json']), 1, 'bad-checkpoint');
      assertError(await temper(['eval', '--json']), 2, 'bad-usage');
    });

    it('names file and line when a row has a label that the run never knew', async () => {
      const file = join(project, 'later.jsonl');
      writeFileSync(file, '{"text":"the app works","label":"good"}\n{"text":"the app waits","label":"unsure"}\n');
      const outcome = await temper(['eval', runDir, '--split', file, '--json']);
      assertError(outcome, 1, 'bad-data');
      assert.deepEqual([outcome.last['file'], outcome.last['line']], [file, 2]);
    });
  });

  describe('export', () => {
    it('writes a whole model or an adapter, and names the files', async () => {
      for (const [form, weights] of [
        ['merged', 'model.safetensors'],
        ['peft', 'adapter_model.safetensors'],
      ] as const) {
        const dir = join(folder.path, `exported-${form}`);
        const outcome = await temper(['export', runDir, '--to', form, dir, '--json']);
        assert.equal(outcome.code, 0, outcome.stderr);
        assert.deepEqual(outcome.last, { kind: 'result', to: form, dir, files: readdirSync(dir).sort() });
        assert.ok(readdirSync(dir).includes(weights));
        assert.equal((await temper(['predict', dir, 'the app works', '--json'])).code, form === 'peft' ? 0 : 1);
        if (form === 'merged') continue;
        const measured = await temper(['eval', dir, '--split', join(project, 'validation.jsonl'), '--json']);
        assert.equal(measured.code, 0, measured.stderr);
        assert.deepEqual([measured.last['rows'], 'file' in measured.last], [8, false]);
      }
    });

    it('ends with an error where it would write over something, or is not told what to write', async () => {
      assertError(await temper(['export', runDir, '--to', 'merged', project, '--json']), 2, 'bad-usage');
      assertError(await temper(['export', runDir, join(folder.path, 'new'), '--json']), 2, 'bad-usage');
      assertError(await temper(['export', runDir, '--to', 'gguf', join(folder.path, 'new'), '--json']), 2, 'bad-usage');
    });
  });

  describe('predict', () => {
    const texts = ['the app works great', 'my parcel arrives awful', ''];

    it('prints a label and all scores for each text, in the order given', async () => {
      const outcome = await temper(['predict', runDir, ...texts, '--json']);
      assert.equal(outcome.code, 0, outcome.stderr);
      const predictions = outcome.lines.slice(0, -1);
      assert.deepEqual(
        predictions.map(({ kind, text }) => [kind, text]),
        texts.map((text) => ['prediction', text]),
      );
      for (const prediction of predictions) {
        assert.deepEqual(keysOf(prediction), ['kind', 'label', 'scores', 'text']);
        const scores = prediction['scores'] as Record<string, number>;
        assert.deepEqual(keysOf(scores), ['bad', 'good']);
        assert.ok(Math.abs(Object.values(scores).reduce((sum, score) => sum + score, 0) - 1) < 1e-5);
        assert.equal(scores[String(prediction['label'])], Math.max(...Object.values(scores)));
      }
      assert.deepEqual(outcome.last, { kind: 'result', rows: 3 });
    });

    it('reads a file with one text a line: byte-order mark, CR LF and empty lines do no harm', async () => {
      const file = join(folder.path, 'texts.txt');
      writeFileSync(file, '\ufeffthe app works great\r\n\r\nmy parcel arrives awful\r\n');
      const outcome = await temper(['predict', runDir, '--file', file, '--json']);
      assert.deepEqual(
        outcome.lines.map(({ text }) => text),
        [texts[0], texts[1], undefined],
      );
    });

    it('refuses bytes that are no UTF-8, a missing file, no texts at all', async () => {
      const file = join(folder.path, 'latin-1.txt');
      writeFileSync(file, Buffer.from('fine\ncaf\xe9\n', 'latin1'));
      const outcome = await temper(['predict', runDir, '--file', file, '--json']);
      assertError(outcome, 1, 'bad-data');
      assert.deepEqual([outcome.last['file'], outcome.last['line']], [file, 2]);
      assertError(await temper(['predict', runDir, '--file', join(folder.path, 'none'), '--json']), 2, 'bad-usage');
      assertError(await temper(['predict', runDir, '--json']), 2, 'bad-usage');
    });
  });

  describe('new', () => {
    it('makes a project from a template and says what is in it', async () => {
      const dir = join(folder.path, 'fresh');
      const outcome = await temper(['new', 'text-classification', dir, '--json']);
      assert.equal(outcome.code, 0);
      assert.deepEqual(outcome.lines, [
        { kind: 'result', template: 'text-classification', dir, files: ['.gitignore', 'README.md', 'data', 'temper.json'] },
      ]);
      assert.deepEqual(readdirSync(dir).sort(), ['.gitignore', 'README.md', 'data', 'temper.json']);
      const linted = await temper(['lint', dir, '--json']);
      assert.deepEqual([linted.code, linted.last['errors'], linted.last['warnings']], [0, 0, 0]);
    });

    it('refuses an unknown template with the nearest name, and a folder that is not empty', async () => {
      const unknown = await temper(['new', 'text-clasification', join(folder.path, 'x'), '--json']);
      assertError(unknown, 2, 'bad-usage');
      assert.match(String(unknown.last['message']), /Did you mean "text-classification"/);
      assert.equal(existsSync(join(folder.path, 'x')), false);
      assertError(await temper(['new', 'text-classification', project, '--json']), 2, 'bad-usage');
      assert.ok(existsSync(join(project, 'model')));
    });
  });

  describe('lint', () => {
    it('prints each problem with its place, from 1, and the counts last', async () => {
      const file = join(folder.path, 'rows.jsonl');
      writeFileSync(file, '{"text":"the app works","label":"good"}\n{"text":"","label":"bad"}\n{"text":"x" "label":"bad"}\n');
      const outcome = await temper(['lint', file, '--json']);
      assert.equal(outcome.code, 1);
      assert.deepEqual(kindsOf(outcome), ['problem', 'result']);
      for (const problem of outcome.lines.slice(0, -1)) {
        assert.deepEqual(keysOf(problem), [
          'code',
          'column',
          'endColumn',
          'endLine',
          'file',
          'kind',
          'line',
          'message',
          'severity',
        ]);
        assert.equal(problem['file'], file);
      }
      const [empty, torn] = outcome.lines;
      // {"text":"","label" : the empty string stands in columns 9 and 10
      assert.deepEqual(
        [empty?.['code'], empty?.['line'], empty?.['column'], empty?.['endLine'], empty?.['endColumn']],
        ['empty-field', 2, 9, 2, 11],
      );
      assert.deepEqual([torn?.['code'], torn?.['line'], torn?.['severity']], ['invalid-json', 3, 'error']);
      assert.deepEqual(outcome.last, {
        ...{ kind: 'result', files: 1, rows: 1, errors: 2, warnings: 0 },
        ...{ informations: 0, suppressed: 0, fixed: 0 },
      });
    });

    it('has exit code 0 for a project without errors', async () => {
      const outcome = await temper(['lint', project, '--json']);
      const { files, rows, errors } = outcome.last;
      assert.deepEqual([outcome.code, outcome.last.kind, files, rows, errors], [0, 'result', 3, 42, 0]);
    });

    it('refuses a path that is not there', async () => {
      const outcome = await temper(['lint', join(folder.path, 'none.jsonl'), '--json']);
      assertError(outcome, 2, 'bad-usage');
      assert.equal(outcome.last['file'], join(folder.path, 'none.jsonl'));
    });
  });

  describe('runs', () => {
    it('prints each run of the project, the newest first', async () => {
      const outcome = await temper(['runs', project, '--json']);
      assert.equal(outcome.code, 0);
      assert.deepEqual(kindsOf(outcome), ['run', 'result']);
      const runs = outcome.lines.slice(0, -1);
      assert.deepEqual(outcome.last, { kind: 'result', runs: runs.length });
      for (const run of runs)
        assert.deepEqual(keysOf(run), ['bestStep', 'createdAtMs', 'kind', 'metrics', 'runDir', 'runId', 'state']);
      const times = runs.map(({ createdAtMs }) => Number(createdAtMs));
      assert.deepEqual(
        times,
        times.toSorted((a, b) => b - a),
      );
      const first = runs.find(({ runId }) => runId === 'first');
      assert.deepEqual(
        [first?.['runDir'], first?.['state'], first?.['bestStep']],
        [runDir, 'completed', trained.last['bestStep']],
      );
      assert.deepEqual(first?.['metrics'], trained.last['metrics']);
    });

    it('prints no runs for a folder without any', async () => {
      const outcome = await temper(['runs', join(folder.path, 'fresh'), '--json']);
      assert.deepEqual([outcome.code, outcome.lines], [0, [{ kind: 'result', runs: 0 }]]);
    });
  });

  describe('stop', () => {
    it('says how a run ended that has ended, and refuses what is no run', async () => {
      const outcome = await temper(['stop', relative(project, runDir), '--json'], project);
      assert.equal(outcome.code, 0);
      assert.deepEqual(keysOf(outcome.last), ['bestStep', 'checkpoints', 'kind', 'runDir', 'runId', 'state']);
      assert.deepEqual([outcome.last.kind, outcome.last['runId'], outcome.last['state']], ['result', 'first', 'completed']);
      assertError(await temper(['stop', project, '--json']), 1, 'bad-run');
    });
  });

  describe('doctor', () => {
    it('prints every backend with a reason, and the one a run would use', async () => {
      const outcome = await temper(['doctor', '--json']);
      assert.equal(outcome.code, 0);
      const backends = outcome.lines.filter(({ kind }) => kind === 'backend');
      assert.deepEqual(
        backends.map(({ name }) => name),
        ['tensorflow-gpu', 'webgpu', 'tensorflow', 'wasm', 'cpu'],
      );
      for (const backend of backends) {
        assert.deepEqual(keysOf(backend), ['kind', 'name', 'reason', 'usable']);
        assert.equal(typeof backend['usable'], 'boolean');
        assert.ok(typeof backend['reason'] === 'string' && backend['reason'] !== '');
      }
      assert.equal(backends.find(({ name }) => name === outcome.last['chosen'])?.['usable'], true);
      assert.equal(backends.find(({ name }) => name === 'wasm')?.['usable'], true);
      assert.deepEqual(keysOf(outcome.last), [
        'chosen',
        'cores',
        'kind',
        'memoryBytes',
        'nodeVersion',
        'temperVersion',
        'threads',
      ]);
      assert.equal(outcome.stderr, '', 'nobody else talks');
    });

    it('prints what was found on the machine, and for each accelerator whether it can be had', async () => {
      const { lines } = await temper(['doctor', '--json']);
      const findings = lines.filter(({ kind }) => kind === 'finding').map((line) => findingSchema.parse(line));
      assert.ok(['node', 'gpu', 'npm', 'disk'].every((wanted) => findings.some(({ subject }) => subject === wanted)));
      const reports = lines.filter(({ kind }) => kind === 'accelerator').map((line) => acceleratorReportSchema.parse(line));
      assert.deepEqual(reports.map(({ name }) => name).sort(), [...accelerators].sort());
      const words = (await temper(['doctor'])).stderr;
      for (const { message } of [...findings, ...reports].filter((line) => !('subject' in line && line.subject === 'disk')))
        assert.ok(words.includes(message), message);
    });
  });

  describe('what is not there', () => {
    it('an unknown command is refused with exit code 2 and the nearest one', async () => {
      const outcome = await temper(['trian', '--json']);
      assertError(outcome, 2, 'bad-usage');
      assert.match(String(outcome.last['message']), /There is no command "trian"\. Did you mean "train"\?/);
    });

    it('an unknown option is refused with exit code 2 and the nearest one', async () => {
      const outcome = await temper(['train', project, '--run-di', 'x', '--json']);
      assertError(outcome, 2, 'bad-usage');
      assert.match(String(outcome.last['message']), /There is no option "--run-di"\. Did you mean "--run-id"\?/);
      assert.match(String(outcome.last['hint']), /Usage: temper train/);
      assert.match(
        String((await temper(['doctor', '--quickly', '--json'])).last['message']),
        /There is no option "--quickly"\. Known: --json\./,
      );
    });

    it('an option without its value, and a setting without a name, are refused', async () => {
      assertError(await temper(['eval', runDir, '--json', '--split']), 2, 'bad-usage');
      assertError(await temper(['train', project, '--set', 'learningRate', '--json']), 2, 'bad-usage');
    });

    it('--json in front of the command counts as well', async () => {
      assertError(await temper(['--json', 'train']), 2, 'bad-usage');
    });
  });

  describe('without --json', () => {
    it('stdout stays empty and people read on stderr', async () => {
      const good = await temper(['runs', project]);
      assert.deepEqual([good.code, good.stdout], [0, '']);
      assert.match(good.stderr, /first +completed/);
      const bad = await temper(['trian']);
      assert.deepEqual([bad.code, bad.stdout], [2, '']);
      assert.match(bad.stderr, /Error: There is no command "trian"\. Did you mean "train"\?\nRun `temper --help`/);
    });

    it('--help and --version print on stdout and end with 0', async () => {
      const help = await temper(['--help']);
      assert.equal(help.code, 0);
      for (const name of ['new', 'lint', 'train', 'eval', 'predict', 'runs', 'stop', 'pull', 'doctor', 'accelerate'])
        assert.match(help.stdout, new RegExp(`temper ${name}`));
      assert.match((await temper(['train', '--help'])).stdout, /temper train \[dir\]/);
      const { version } = JSON.parse(readFileSync(join(packageRoot(), 'package.json'), 'utf8')) as { version: string };
      assert.equal((await temper(['--version'])).stdout, `${version}\n`);
    });
  });
});
