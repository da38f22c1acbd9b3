import assert from 'node:assert/strict';
import {
  accelerators,
  acceleratorReportSchema,
  findingSchema,
  type Accelerator,
  type AcceleratorReport,
} from '../../../protocol';
import { explain, type TriedBackend } from '../../../trainer/acceleration/explain';
import type { Survey } from '../../../trainer/acceleration/survey';
import { completeSurvey } from './machines';

const missingBackends: TriedBackend[] = accelerators.map((name) => ({ name, usable: false, reason: `${name} is not installed` }));

function explanation(change: Partial<Survey>, tried = missingBackends) {
  return explain({ ...completeSurvey, ...change }, tried);
}

function reportOf(name: Accelerator, change: Partial<Survey>, tried = missingBackends): AcceleratorReport {
  return explanation(change, tried).accelerators.find((report) => report.name === name) ?? assert.fail(name);
}

const noNvidia: Partial<Survey> = { gpus: [], nvidiaDriver: { kind: 'absent' } };

describe('a machine in words', () => {
  const table: [string, Partial<Survey>, string, string, RegExp, RegExp | undefined][] = [
    ['a GPU', {}, 'gpu', 'found', /^NVIDIA H200 with 140\.4 GiB\.$/, undefined],
    ['no GPU', noNvidia, 'gpu', 'missing', /No GPU was found/, undefined],
    ['a driver', {}, 'driver', 'found', /550\.54\.15 works/, undefined],
    [
      'an old driver',
      { nvidiaDriver: { kind: 'working', version: '440.33.01' } },
      'driver',
      'unsuitable',
      /440\.33\.01 is too old: CUDA 11 needs 450\.80\.02/,
      /Update/,
    ],
    [
      'half a driver',
      { nvidiaDriver: { kind: 'loaded', version: '535.1' } },
      'driver',
      'unsuitable',
      /in the kernel/,
      /--gpus all/,
    ],
    [
      'a driver out of step',
      { nvidiaDriver: { kind: 'failing', reason: 'version mismatch.\nmore' } },
      'driver',
      'unsuitable',
      /^nvidia-smi fails: version mismatch\.$/,
      /Restart/,
    ],
    ['no driver', { nvidiaDriver: { kind: 'absent' } }, 'driver', 'missing', /not installed/, /nvidia\.com/],
    ['all of CUDA', {}, 'cuda', 'found', /all 2 libraries/, undefined],
    [
      'CUDA without cuDNN',
      { cuda: [...completeSurvey.cuda.slice(0, 1), { kind: 'missing', name: 'libcudnn.so.8' }] },
      'cuda',
      'missing',
      /not found: libcudnn\.so\.8\.$/,
      /cudnn-archive/,
    ],
    [
      'CUDA where nobody looks',
      { cuda: [{ kind: 'outside', name: 'a', path: '/usr/local/cuda/lib64/a' }] },
      'cuda',
      'unsuitable',
      /not where the system looks: \/usr\/local\/cuda\/lib64\/a/,
      /LD_LIBRARY_PATH/,
    ],
    ['no Vulkan', { vulkan: { kind: 'no-loader' } }, 'vulkan', 'missing', /libvulkan\.so\.1/, /libvulkan1 on Debian/],
    [
      'Vulkan on the processor',
      { vulkan: { kind: 'software', loader: 'l', drivers: ['lvp_icd.json'] } },
      'vulkan',
      'unsuitable',
      /only lvp_icd\.json, which computes on the processor/,
      /your GPU's Vulkan driver/,
    ],
    ['Vulkan without a driver', { vulkan: { kind: 'no-driver', loader: 'l' } }, 'vulkan', 'unsuitable', /no driver/, /mesa/],
    ['no npm', { npm: { kind: 'absent' } }, 'npm', 'missing', /not on the PATH/, /nodejs\.org/],
    ['a broken npm', { npm: { kind: 'failed', reason: 'boom' } }, 'npm', 'unsuitable', /fails: boom\./, /again/],
    ['the disk', { freeBytes: 1.25e9 }, 'disk', 'found', /^1\.3 GB free in \/home\/me\/temper\.$/, undefined],
    ['a silent disk', { freeBytes: undefined }, 'disk', 'unknown', /cannot be told/, undefined],
    [
      'the editor’s Node',
      { electronVersion: '37.2.0' },
      'node',
      'found',
      /Node 24\.1\.0, the one inside of the editor/,
      undefined,
    ],
    ['a small Linux', { glibcVersion: undefined }, 'node', 'found', /linux-x64, not glibc/, undefined],
  ];
  for (const [what, change, subject, state, message, remedy] of table) {
    it(`says what there is and what to do: ${what}`, () => {
      const { findings } = explanation(change);
      const finding = findings.find((candidate) => candidate.subject === subject) ?? assert.fail(`nothing about ${subject}`);
      assert.equal(finding.state, state);
      assert.match(finding.message, message);
      if (remedy === undefined) assert.equal(finding.remedy, undefined);
      else assert.match(finding.remedy ?? '', remedy);
    });
  }

  it('does not speak of CUDA to those who have no NVIDIA GPU, nor of Vulkan where it is not needed', () => {
    const subjects = explanation({ ...noNvidia, vulkan: { kind: 'not-needed' } }).findings.map(({ subject }) => subject);
    assert.deepEqual(subjects, ['node', 'gpu', 'npm', 'disk']);
  });

  it('makes lines that the editor can read', () => {
    const { findings, accelerators: reports } = explanation({});
    assert.equal(findings.length, 7);
    for (const finding of findings) assert.deepEqual(findingSchema.parse(finding), finding);
    for (const report of reports) assert.deepEqual(acceleratorReportSchema.parse(report), report);
  });
});

describe('an accelerator in words', () => {
  it('can be installed when everything is there, and says how much and from where', () => {
    for (const name of accelerators) {
      const report = reportOf(name, {});
      assert.deepEqual([report.state, report.isInstalled, report.remedy], ['installable', false, `temper accelerate ${name}`]);
      assert.match(report.message, /about \d\.\d GB on disk, from the npm registry/);
    }
  });

  it('is usable when its backend started', () => {
    const tried: TriedBackend[] = [{ name: 'tensorflow', usable: true, reason: 'TensorFlow on the processor' }];
    const report = reportOf('tensorflow', { installed: ['tensorflow'], npm: { kind: 'absent' } }, tried);
    assert.deepEqual([report.state, report.isInstalled], ['usable', true]);
    assert.equal(report.message, 'TensorFlow on the processor.');
  });

  it('is broken when it is installed and its backend did not start, and says why', () => {
    const tried: TriedBackend[] = [{ name: 'tensorflow-gpu', usable: false, reason: 'libcudart.so.11.0: cannot open' }];
    const missing: Survey['cuda'] = [{ kind: 'missing', name: 'libcudart.so.11.0' }];
    const report = reportOf('tensorflow-gpu', { installed: ['tensorflow-gpu'], cuda: missing }, tried);
    assert.deepEqual([report.state, report.isInstalled], ['broken', true]);
    assert.match(report.message, /a run cannot use it: libcudart\.so\.11\.0: cannot open\. .*not found: libcudart\.so\.11\.0/);
    assert.match(report.remedy ?? '', /CUDA Toolkit 11\.2/);
    assert.match(
      reportOf('tensorflow', { installed: ['tensorflow'] }).remedy ?? '',
      /^Install it again: temper accelerate tensorflow$/,
    );
  });

  const table: [string, Accelerator, Partial<Survey>, RegExp][] = [
    ['no GPU', 'tensorflow-gpu', noNvidia, /It needs a GPU by NVIDIA/],
    ['no driver', 'tensorflow-gpu', { nvidiaDriver: { kind: 'absent' } }, /driver is not installed/],
    ['no CUDA', 'tensorflow-gpu', { cuda: [{ kind: 'missing', name: 'libcudnn.so.8' }] }, /libcudnn\.so\.8/],
    [
      'a Mac',
      'tensorflow-gpu',
      { platform: 'darwin', architecture: 'arm64' },
      /exists for linux-x64 and win32-x64, not for darwin-arm64/,
    ],
    ['an ARM Linux', 'tensorflow', { architecture: 'arm64' }, /not for linux-arm64/],
    ['a small Linux', 'tensorflow', { glibcVersion: undefined }, /needs a Linux with glibc/],
    ['an old Linux', 'webgpu', { glibcVersion: '2.31' }, /needs glibc 2\.34 or newer, and this system has 2\.31/],
    ['no Vulkan', 'webgpu', { vulkan: { kind: 'no-loader' } }, /Vulkan/],
    ['no npm', 'webgpu', { npm: { kind: 'absent' } }, /npm/],
    ['a full disk', 'tensorflow', { freeBytes: 1e8 }, /takes about 0\.9 GB, and 0\.1 GB are free in \/home\/me\/temper/],
  ];
  for (const [what, name, change, message] of table) {
    it(`says why not: ${name} with ${what}`, () => {
      const report = reportOf(name, change);
      assert.equal(report.state, 'impossible');
      assert.match(report.message, message);
    });
  }

  it('names every obstacle, and each remedy once', () => {
    const report = reportOf('tensorflow-gpu', { nvidiaDriver: { kind: 'absent' }, npm: { kind: 'absent' }, freeBytes: 0 });
    assert.match(report.message, /driver is not installed.*npm.*takes about/s);
    assert.equal(report.remedy?.match(/https:/g)?.length, 2);
  });

  it('is not held up by what another one needs', () => {
    assert.equal(reportOf('tensorflow', { ...noNvidia, vulkan: { kind: 'no-loader' }, cuda: [] }).state, 'installable');
    assert.equal(
      reportOf('webgpu', { ...noNvidia, platform: 'darwin', architecture: 'arm64', vulkan: { kind: 'not-needed' } }).state,
      'installable',
    );
  });
});
