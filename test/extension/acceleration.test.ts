import assert from 'node:assert/strict';
import { accelerationItems, formatAdvice } from '../../extension/commands/acceleration-items';
import { messages } from '../../extension/messages';
import { createChildEnvironment, createRuntime } from '../../extension/process/runtime';
import type { AcceleratorReport, Finding } from '../../protocol';

const report: AcceleratorReport = {
  kind: 'accelerator',
  name: 'tensorflow',
  state: 'installable',
  isInstalled: false,
  message: 'It can be installed.',
  remedy: 'temper accelerate tensorflow',
  source: 'the npm registry',
  diskBytes: 900_000_000,
};
const finding: Finding = {
  kind: 'finding',
  subject: 'npm',
  state: 'missing',
  message: 'npm is not there.',
  remedy: 'Install it.',
};

describe('the list of Set Up Acceleration', () => {
  it('says of each accelerator in words whether it can be had, and why not', () => {
    const impossible: AcceleratorReport = {
      ...report,
      name: 'tensorflow-gpu',
      state: 'impossible',
      message: 'No GPU.',
      remedy: 'Get one.',
    };
    const { accelerators } = accelerationItems([report, impossible], []);
    assert.deepEqual(
      accelerators.map(({ label, description, detail }) => [label, description, detail]),
      [
        ['$(cloud-download) TensorFlow on the processor', 'can be installed', 'It can be installed.'],
        ['$(circle-slash) TensorFlow on an NVIDIA GPU', 'cannot be installed here', 'No GPU. Get one.'],
      ],
    );
    assert.equal(accelerators[1]?.about, impossible);
  });

  it('shows what was found on the machine, with its remedy', () => {
    const { findings } = accelerationItems([], [finding, { ...finding, state: 'found', message: 'npm 11.', remedy: undefined }]);
    assert.deepEqual(
      findings.map(({ label, detail }) => [label, detail]),
      [
        ['$(circle-slash) npm', 'npm is not there. Install it.'],
        ['$(pass) npm', 'npm 11.'],
      ],
    );
  });

  it('gives no advice that is for a terminal', () => {
    assert.equal(formatAdvice(report), 'It can be installed.');
    assert.equal(formatAdvice(finding), 'npm is not there. Install it.');
  });

  it('says before a download how much it is and from where', () => {
    assert.match(messages.confirmInstallDetail(report.diskBytes, report.source), /from the npm registry .* about 0\.9 GB/);
    assert.equal(
      messages.installProgress({ kind: 'progress', phase: 'download', bytes: 12_345_678, message: 'npm http' }),
      'download, 12 MB. npm http',
    );
  });
});

describe('the storage of accelerators', () => {
  const before = process.env['TEMPER_ACCELERATION_DIR'];
  afterEach(() => {
    if (before === undefined) delete process.env['TEMPER_ACCELERATION_DIR'];
    else process.env['TEMPER_ACCELERATION_DIR'] = before;
  });

  it('is told to every process that the editor starts', () => {
    delete process.env['TEMPER_ACCELERATION_DIR'];
    const runtime = createRuntime('/extension', '', '/storage');
    assert.deepEqual([runtime.nodePath, runtime.storageDir], [process.execPath, '/storage']);
    assert.equal(createChildEnvironment(runtime)['TEMPER_ACCELERATION_DIR'], '/storage');
    assert.equal(createChildEnvironment({})['TEMPER_ACCELERATION_DIR'], undefined);
  });

  it('is the one that the user names, where they do', () => {
    process.env['TEMPER_ACCELERATION_DIR'] = '/mine';
    assert.equal(createChildEnvironment(createRuntime('/extension', '', '/storage'))['TEMPER_ACCELERATION_DIR'], '/mine');
  });
});
