/** What people really have on their disks: each bad file gets an error that names file, line and remedy, and nothing is lost. */
import assert from 'node:assert/strict';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { isEnded } from '../../protocol';
import { readRun } from '../../runs/read-run';
import { jsonl, tinyRows, tinyTokenizer, tinyVocabulary } from '../trainer/tiny-model';
import { temporaryFolder } from '../trainer/tiny-training';
import { runFolders, temper, tinySettings, writeTinyProject, type CliOutcome } from './tiny-project';

interface BadInput {
  readonly what: string;
  /** Spoils a good project. */
  readonly spoil: (at: (name: string) => string) => void;
  readonly code: string;
  readonly exitCode: 1 | 2;
  /** Relative to the project. */
  readonly file: string;
  readonly line?: number;
  readonly message: RegExp;
  readonly hint: RegExp;
}

const row = (text: string, label: string) => `${JSON.stringify({ text, label })}\n`;
const good = jsonl(tinyRows(12));
const correctData = /Correct the data; "temper lint"/;

const table: readonly BadInput[] = [
  {
    what: 'an empty data file',
    spoil: (at) => {
      writeFileSync(at('train.jsonl'), '');
    },
    ...{
      code: 'bad-data',
      exitCode: 1,
      file: 'train.jsonl',
      line: 1,
      message: /^train\.jsonl, line 1: The file has no rows/,
      hint: correctData,
    },
  },
  {
    what: 'a table with a header and nothing else',
    spoil: (at) => {
      writeFileSync(at('rows.csv'), 'text,label\n');
      configure(at, { data: { train: 'rows.csv', validation: 'validation.jsonl' } });
    },
    ...{
      code: 'bad-data',
      exitCode: 1,
      file: 'rows.csv',
      line: 1,
      message: /The file has a header and no rows/,
      hint: correctData,
    },
  },
  {
    what: 'a column of another name',
    spoil: (at) => {
      writeFileSync(at('rows.csv'), 'text,lable\nthe app works,good\nthe app breaks,bad\n');
      configure(at, { data: { train: 'rows.csv', validation: 'validation.jsonl' } });
    },
    ...{
      code: 'bad-data',
      exitCode: 1,
      file: 'rows.csv',
      line: 1,
      message: /There is no column "label"\. Did you mean "lable"\?.*data\.labelColumn/,
      hint: correctData,
    },
  },
  {
    what: 'one class only',
    spoil: (at) => {
      writeFileSync(at('train.jsonl'), row('the app works', 'good') + row('the door opens', 'good'));
    },
    ...{
      code: 'bad-data',
      exitCode: 1,
      file: 'train.jsonl',
      line: 1,
      message: /All 2 rows have the label "good".*at least two labels/,
      hint: correctData,
    },
  },
  {
    what: 'a label that the config does not list',
    spoil: (at) => {
      writeFileSync(at('train.jsonl'), good + row('the app waits', 'godo'));
      configure(at, { data: { ...tinySettings.data, labels: ['good', 'bad'] } });
    },
    ...{
      code: 'bad-data',
      exitCode: 1,
      file: 'train.jsonl',
      line: 13,
      message: /line 13: "godo" is not one of the labels\. Did you mean "good"\?/,
      hint: correctData,
    },
  },
  {
    what: 'a label in the test rows that train does not have',
    spoil: (at) => {
      writeFileSync(at('test.jsonl'), row('the app works', 'good') + row('the app waits', 'unsure'));
    },
    ...{
      code: 'bad-data',
      exitCode: 1,
      file: 'test.jsonl',
      line: 2,
      message: /"unsure" is not one of the labels/,
      hint: correctData,
    },
  },
  {
    what: 'latin-1 bytes',
    spoil: (at) => {
      writeFileSync(
        at('train.jsonl'),
        Buffer.concat([Buffer.from(good), Buffer.from('{"text":"caf\xe9 works","label":"good"}\n', 'latin1')]),
      );
    },
    ...{
      code: 'bad-data',
      exitCode: 1,
      file: 'train.jsonl',
      line: 13,
      message: /The byte E9 is not UTF-8; in windows-1252 \(latin-1\) it would be "é"\. Save the file again as UTF-8/,
      hint: correctData,
    },
  },
  {
    what: 'a row that is torn',
    spoil: (at) => {
      writeFileSync(at('train.jsonl'), `${good}{"text": "the app`);
    },
    ...{ code: 'bad-data', exitCode: 1, file: 'train.jsonl', line: 13, message: /^train\.jsonl, line 13: /, hint: correctData },
  },
  {
    what: 'a missing data file',
    spoil: (at) => {
      rmSync(at('validation.jsonl'));
    },
    ...{
      code: 'bad-data',
      exitCode: 1,
      file: 'temper.json',
      line: 5,
      message: /There is no file .*validation\.jsonl, which "data\.validation" names/,
      hint: /Correct the data/,
    },
  },
  {
    what: 'a misspelt key in the config',
    spoil: (at) => {
      configure(at, { training: { ...tinySettings.training, learningrate: 1 } });
    },
    ...{
      code: 'bad-config',
      exitCode: 2,
      file: 'temper.json',
      line: 18,
      message: /line 18: "training\.learningrate" is not a setting\. Did you mean "learningRate"\?/,
      hint: /Correct this line/,
    },
  },
  {
    what: 'a config that is not JSON',
    spoil: (at) => {
      writeFileSync(at('temper.json'), '{\n  "model": "model",\n  "data": { "train": "train.jsonl", }\n}\n');
    },
    ...{ code: 'bad-config', exitCode: 2, file: 'temper.json', line: 3, message: /line 3: /, hint: /Correct this line/ },
  },
  {
    what: 'no config at all',
    spoil: (at) => {
      rmSync(at('temper.json'));
    },
    ...{ code: 'bad-config', exitCode: 2, file: 'temper.json', message: /There is no temper\.json in /, hint: /temper new/ },
  },
  {
    what: 'a missing model folder',
    spoil: (at) => {
      rmSync(at('model'), { recursive: true });
    },
    ...{
      code: 'bad-model',
      exitCode: 1,
      file: 'model',
      message: /There is no model "model"/,
      hint: /Set "model" to "tiny-encoder", "tiny-decoder" or a Hugging Face model folder/,
    },
  },
  {
    what: 'a torn safetensors file',
    spoil: (at) => {
      writeFileSync(at('model/model.safetensors'), readFileSync(at('model/model.safetensors')).subarray(0, 9_000));
    },
    ...{
      code: 'bad-model',
      exitCode: 1,
      file: 'model/model.safetensors',
      message: /model\.safetensors failed: .*ends at byte/,
      hint: /Copy or download it again/,
    },
  },
  {
    what: 'weights that are a page of a web server',
    spoil: (at) => {
      writeFileSync(at('model/model.safetensors'), '<!DOCTYPE html><title>404</title>');
    },
    ...{
      code: 'bad-model',
      exitCode: 1,
      file: 'model/model.safetensors',
      message: /its header claims/,
      hint: /Copy or download it again/,
    },
  },
  {
    what: 'a tokenizer that does not fit the model',
    spoil: (at) => {
      writeFileSync(at('model/tokenizer.json'), JSON.stringify(tinyTokenizer([...tinyVocabulary, 'more', 'words'])));
    },
    ...{
      code: 'bad-model',
      exitCode: 1,
      file: 'model/tokenizer.json',
      message: /they do not belong together/,
      hint: /tokenizer\.json that came with these weights/,
    },
  },
  {
    what: 'a model of a type that Temper cannot train',
    spoil: (at) => {
      writeFileSync(at('model/config.json'), '{"model_type": "t5"}');
    },
    ...{
      code: 'bad-model',
      exitCode: 1,
      file: 'model',
      message: /model_type "t5"; Temper can train for sequence classification: bert, distilbert, gpt2/,
      hint: /Choose a model/,
    },
  },
  {
    what: 'a backend that is not installed',
    spoil: (at) => {
      configure(at, { backend: 'tensorflow' });
    },
    ...{ code: 'backend-missing', exitCode: 1, file: '', message: /tfjs-node is not installed in/, hint: /"backend" to "auto"/ },
  },
];

function configure(at: (name: string) => string, settings: Readonly<Record<string, unknown>>): void {
  writeFileSync(at('temper.json'), JSON.stringify({ ...tinySettings, ...settings }, undefined, 2));
}

describe('temper train on bad input', function () {
  this.timeout(60_000);
  const folder = temporaryFolder('bad-input');
  const project = join(folder.path, 'project');
  const at = (name: string) => join(project, name);
  beforeEach(() => {
    rmSync(project, { recursive: true, force: true });
    writeTinyProject(project);
  });
  after(() => {
    folder.remove();
  });

  for (const { what, spoil, code, exitCode, file, line, message, hint } of table) {
    it(`${what} is ${code}: it names the place and the remedy, and no run is begun`, async () => {
      spoil(at);
      const outcome = await temper(['train', project, '--json']);
      const { last } = outcome;
      assert.deepEqual([outcome.code, last.kind, last['code']], [exitCode, 'error', code], outcome.stdout + outcome.stderr);
      assert.equal(last['file'], file === '' ? undefined : at(file));
      assert.equal(last['line'], line);
      assert.match(String(last['message']), message);
      assert.match(String(last['hint']), hint);
      assert.deepEqual(outcome.lines, [last], 'nothing else is said');
      assert.deepEqual(runFolders(project), []);
    });
  }

  it('people read the same on stderr, with the place', async () => {
    writeFileSync(at('train.jsonl'), good + row('the app waits', ''));
    const { code, stdout, stderr } = await temper(['train', project]);
    assert.deepEqual([code, stdout], [1, '']);
    assert.match(stderr, /^Error: train\.jsonl, line 13: "label" is empty\..*\n {2}.*train\.jsonl:13\nCorrect the data; /);
  });

  it('lint finds the same faults as training, all of them', async () => {
    writeFileSync(at('train.jsonl'), `${good}${row('the app waits', '')}{"text":\n`);
    const { code, lines, last } = await temper(['lint', project, '--json']);
    assert.equal(code, 1);
    assert.deepEqual(
      lines.filter(({ severity }) => severity === 'error').map(({ file, line }) => [file, line]),
      [
        [at('train.jsonl'), 13],
        [at('train.jsonl'), 14],
      ],
    );
    assert.deepEqual([last['errors'], last['files']], [2, 3]);
  });

  it('a byte-order mark and CR LF are no fault: it trains the same rows, and lint warns', async () => {
    const plain = await temper(['train', project, '--json']);
    const dos = `\ufeff${readFileSync(at('train.jsonl'), 'utf8').replaceAll('\n', '\r\n')}`;
    writeFileSync(at('train.jsonl'), dos);
    const linted = await temper(['lint', at('train.jsonl'), '--json']);
    const warned = linted.lines.filter(({ severity }) => severity === 'warning').map(({ code }) => code);
    assert.deepEqual([linted.code, linted.last['errors'], warned.sort()], [0, 0, ['byte-order-mark', 'too-few-rows']]);
    const outcome = await temper(['train', project, '--json']);
    assert.deepEqual([outcome.code, outcome.last['state']], [0, 'completed'], outcome.stdout);
    const losses = ({ lines }: CliOutcome) => lines.filter(({ kind }) => kind === 'step').map(({ loss }) => loss);
    assert.equal(losses(outcome).length, 4);
    assert.deepEqual(losses(outcome), losses(plain));
  });

  it('a model folder without tokenizer_config.json trains and saves', async () => {
    rmSync(at('model/tokenizer_config.json'));
    const outcome = await temper(['train', project, '--json']);
    assert.deepEqual([outcome.code, outcome.last['state']], [0, 'completed'], outcome.stdout);
  });

  it('a target that is no layer is bad-config, and the run that was begun says how it ended', async () => {
    configure(at, { method: { type: 'lora', targetModules: ['q_proj'] } });
    const outcome = await temper(['train', project, '--json']);
    assert.equal(outcome.code, 2);
    const [runDir = ''] = runFolders(project);
    const { state, lost } = await readRun(runDir);
    assert.ok(isEnded(state.phase) && !lost);
    assert.ok(state.phase.kind === 'ended' && state.phase.state === 'failed' && state.phase.error?.code === 'bad-config');
  });
});
