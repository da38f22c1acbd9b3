import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../../../inputs/assets';
import { cudaLibraries, isOlder } from '../../../trainer/acceleration/packages';
import { findNpm } from '../../../trainer/acceleration/npm';
import { accelerationPlaces, accelerationStorage } from '../../../trainer/acceleration/places';
import { createProbe } from '../../../trainer/acceleration/probe';
import { surveyMachine } from '../../../trainer/acceleration/survey';
import { surveyGraphics, type Graphics } from '../../../trainer/acceleration/survey-gpu';
import { findLibraries } from '../../../trainer/acceleration/survey-libraries';
import { temporaryFolder } from '../tiny-training';
import { probeOf, type Machine } from './machines';

const mebibyte = 2 ** 20;
const kernelModule = 'NVRM version: NVIDIA UNIX x86_64 Kernel Module  535.54.03  Tue Jun  6 22:20:39 UTC 2023\nGCC version: 12';
const openKernelModule =
  'NVRM version: NVIDIA UNIX Open Kernel Module for x86_64  550.54.15  Release Build  (dvs-builder@U16)  Tue Mar  5 2024';

describe('the GPUs of a machine', () => {
  const nvidia = (name: string, mebibytes: number | undefined) =>
    ({ vendor: 'nvidia', name, memoryBytes: mebibytes && mebibytes * mebibyte }) as const;
  const unnamed = (vendor: 'nvidia' | 'amd' | 'intel', name: string) => ({ vendor, name, memoryBytes: undefined });

  const table: [string, Machine, Graphics][] = [
    [
      'two cards by NVIDIA, which nvidia-smi lists',
      { programs: { 'nvidia-smi': 'NVIDIA H200, 550.54.15, 143771\nNVIDIA T4, 550.54.15, [N/A]' } },
      {
        gpus: [nvidia('NVIDIA H200', 143_771), nvidia('NVIDIA T4', undefined)],
        nvidiaDriver: { kind: 'working', version: '550.54.15' },
      },
    ],
    [
      'a laptop with two makers, where the kernel lists NVIDIA’s a second time',
      {
        programs: { 'nvidia-smi': 'NVIDIA RTX 4070, 550.54.15, 8188' },
        files: {
          '/sys/class/drm/card0/device/vendor': '0x8086\n',
          '/sys/class/drm/card1/device/vendor': '0x10de\n',
          '/sys/class/drm/card1-HDMI-A-1/status': 'connected',
          '/sys/class/drm/card2/device/vendor': '0x1234\n',
        },
      },
      {
        gpus: [nvidia('NVIDIA RTX 4070', 8188), unnamed('intel', 'a GPU by Intel')],
        nvidiaDriver: { kind: 'working', version: '550.54.15' },
      },
    ],
    [
      'a container: the driver is in the kernel, its programs are not here',
      { files: { '/proc/driver/nvidia/version': kernelModule } },
      { gpus: [], nvidiaDriver: { kind: 'loaded', version: '535.54.03' } },
    ],
    [
      'the same with the open driver',
      { files: { '/proc/driver/nvidia/version': openKernelModule } },
      { gpus: [], nvidiaDriver: { kind: 'loaded', version: '550.54.15' } },
    ],
    [
      'a card by NVIDIA without its driver',
      { files: { '/sys/class/drm/card0/device/vendor': '0x10de\n' } },
      { gpus: [unnamed('nvidia', 'a GPU by NVIDIA')], nvidiaDriver: { kind: 'absent' } },
    ],
    [
      'a driver that was updated under a running system',
      { programs: { 'nvidia-smi': { fails: 'Failed to initialize NVML: Driver/library version mismatch' } } },
      { gpus: [], nvidiaDriver: { kind: 'failing', reason: 'Failed to initialize NVML: Driver/library version mismatch' } },
    ],
    [
      'nvidia-smi with nothing to list',
      { programs: { 'nvidia-smi': 'No devices were found' } },
      { gpus: [], nvidiaDriver: { kind: 'failing', reason: 'it lists no GPU: No devices were found' } },
    ],
    [
      'a Mac',
      {
        platform: 'darwin',
        architecture: 'arm64',
        programs: { system_profiler: '{"SPDisplaysDataType":[{"_name":"Apple M2","sppci_model":"Apple M2"}]}' },
      },
      { gpus: [{ vendor: 'apple', name: 'Apple M2', memoryBytes: undefined }], nvidiaDriver: { kind: 'absent' } },
    ],
    [
      'Windows, without the adapters that are none',
      {
        platform: 'win32',
        programs: { 'powershell.exe': '[{"Name":"AMD Radeon RX 7600"},{"Name":"Microsoft Basic Display Adapter"}]' },
      },
      { gpus: [{ vendor: 'amd', name: 'AMD Radeon RX 7600', memoryBytes: undefined }], nvidiaDriver: { kind: 'absent' } },
    ],
    [
      'Windows, where PowerShell says something else',
      { platform: 'win32', programs: { 'powershell.exe': 'Get-CimInstance: not recognized' } },
      { gpus: [], nvidiaDriver: { kind: 'absent' } },
    ],
    ['nothing at all', {}, { gpus: [], nvidiaDriver: { kind: 'absent' } }],
  ];
  for (const [what, machine, expected] of table) {
    it(`are read on ${what}`, async () => {
      assert.deepEqual(await surveyGraphics(probeOf(machine)), expected);
    });
  }
});

describe('a shared library', () => {
  const name = 'libcudart.so.11.0';
  const cache = (path: string, flags = 'libc6,x86-64') => `1 libs found in cache\n\t${name} (${flags}) => ${path}`;
  const table: [string, Machine, { kind: string; path?: string }][] = [
    [
      'in the cache of the loader',
      { programs: { ldconfig: cache('/usr/lib/cuda/a.so') } },
      { kind: 'loadable', path: '/usr/lib/cuda/a.so' },
    ],
    [
      'in the cache, where ldconfig is not on the PATH',
      { programs: { '/sbin/ldconfig': cache('/usr/lib/cuda/a.so') } },
      { kind: 'loadable', path: '/usr/lib/cuda/a.so' },
    ],
    [
      'in the cache for another kind of processor',
      { programs: { ldconfig: cache('/lib32/a.so', 'libc6') } },
      { kind: 'missing' },
    ],
    [
      'in LD_LIBRARY_PATH, which comes before the cache',
      {
        environment: { LD_LIBRARY_PATH: '/nowhere::/opt/mine' },
        files: { [`/opt/mine/${name}`]: '' },
        programs: { ldconfig: cache('/usr/lib/cuda/a.so') },
      },
      { kind: 'loadable', path: `/opt/mine/${name}` },
    ],
    ['in a standard folder', { files: { [`/usr/lib64/${name}`]: '' } }, { kind: 'loadable', path: `/usr/lib64/${name}` }],
    [
      'in a toolkit that the loader does not look into',
      { files: { [`/usr/local/cuda-11.8/lib64/${name}`]: '' } },
      { kind: 'outside', path: `/usr/local/cuda-11.8/lib64/${name}` },
    ],
    [
      'in a conda environment',
      { environment: { CONDA_PREFIX: '/home/me/conda' }, files: { [`/home/me/conda/lib/${name}`]: '' } },
      { kind: 'outside', path: `/home/me/conda/lib/${name}` },
    ],
    ['nowhere', { files: { '/usr/lib64/libcudart.so.12': '' } }, { kind: 'missing' }],
  ];
  for (const [what, machine, expected] of table) {
    it(`is judged by where the loader looks: ${what}`, async () => {
      assert.deepEqual(await findLibraries(probeOf(machine), [name]), [{ name, ...expected }]);
    });
  }

  it('is found on the PATH of Windows whatever its case, and in a toolkit beside it', async () => {
    const toolkit = 'C:\\Program Files\\NVIDIA GPU Computing Toolkit\\CUDA\\v11.8\\bin\\cudart64_110.dll';
    const files = { 'D:\\cudnn\\bin\\CUDNN64_8.dll': '', [toolkit]: '' };
    const probe = probeOf({ platform: 'win32', environment: { Path: 'C:\\x;D:\\cudnn\\bin' }, files });
    assert.deepEqual(await findLibraries(probe, ['cudnn64_8.dll', 'cudart64_110.dll', 'cufft64_10.dll']), [
      { kind: 'loadable', name: 'cudnn64_8.dll', path: 'D:\\cudnn\\bin\\CUDNN64_8.dll' },
      { kind: 'outside', name: 'cudart64_110.dll', path: toolkit },
      { kind: 'missing', name: 'cufft64_10.dll' },
    ]);
  });
});

describe('the npm of a machine', () => {
  it('is the program of that name', async () => {
    const found = { kind: 'found', version: '11.0.0', command: 'npm', leadingArguments: [] };
    assert.deepEqual(await findNpm(probeOf({ programs: { npm: '11.0.0' } })), found);
  });

  it('on Windows is the script behind the batch file, run by the Node beside it', async () => {
    const script = 'C:\\node\\node_modules\\npm\\bin\\npm-cli.js';
    const files = { 'C:\\node\\npm.cmd': '', 'C:\\node\\node.exe': '', [script]: '', 'D:\\odd\\npm.cmd': '' };
    const environment = { Path: 'D:\\odd;C:\\node' };
    const machine = { platform: 'win32', environment, files, programs: { 'C:\\node\\node.exe': '10.9.0' } } as const;
    const expected = { kind: 'found', version: '10.9.0', command: 'C:\\node\\node.exe', leadingArguments: [script] };
    assert.deepEqual(await findNpm(probeOf(machine)), expected);
    assert.deepEqual(await findNpm(probeOf({ ...machine, environment: {} })), { kind: 'absent' });
  });

  it('can be broken', async () => {
    const broken = probeOf({ programs: { npm: { fails: 'Cannot find module' } } });
    assert.deepEqual(await findNpm(broken), { kind: 'failed', reason: 'Cannot find module' });
  });
});

describe('Vulkan', () => {
  const loader = { '/usr/lib64/libvulkan.so.1': '' };
  const driver = { '/usr/share/vulkan/icd.d/radeon_icd.json': '', '/usr/share/vulkan/icd.d/README': '' };
  const table: [string, Machine, object][] = [
    [
      'with a driver',
      { files: { ...loader, ...driver } },
      { kind: 'ready', loader: '/usr/lib64/libvulkan.so.1', drivers: ['radeon_icd.json'] },
    ],
    ['without one', { files: loader }, { kind: 'no-driver', loader: '/usr/lib64/libvulkan.so.1' }],
    [
      'with drivers that compute on the processor',
      {
        files: { ...loader, '/etc/vulkan/icd.d/vk_swiftshader_icd.json': '', '/usr/share/vulkan/icd.d/lvp_icd.x86_64.json': '' },
      },
      { kind: 'software', loader: '/usr/lib64/libvulkan.so.1', drivers: ['vk_swiftshader_icd.json', 'lvp_icd.x86_64.json'] },
    ],
    ['without itself', { files: driver }, { kind: 'no-loader' }],
    [
      'with drivers that a variable names in place of the folders',
      { files: { ...loader, ...driver }, environment: { VK_ICD_FILENAMES: '/a/lvp_icd.json:/b/x.json' } },
      { kind: 'ready', loader: '/usr/lib64/libvulkan.so.1', drivers: ['lvp_icd.json', 'x.json'] },
    ],
    ['on a Mac', { platform: 'darwin' }, { kind: 'not-needed' }],
  ];
  for (const [what, machine, expected] of table) {
    it(`is looked for ${what}`, async () => {
      assert.deepEqual((await surveyMachine(probeOf(machine), '/storage')).vulkan, expected);
    });
  }
});

describe('the survey of this machine', () => {
  it('reads something of everything, in seconds', async function () {
    this.timeout(30_000);
    const survey = await surveyMachine(createProbe(), join(packageRoot(), 'not', 'there'));
    assert.deepEqual([survey.platform, survey.nodeVersion], [process.platform, process.version]);
    assert.ok((survey.freeBytes ?? 0) > 0, 'the disk of the nearest folder that is there');
    assert.equal(survey.cuda.length, process.platform === 'darwin' ? 0 : cudaLibraries(process.platform).length);
    assert.deepEqual(survey.installed, []);
  });

  it('finds libraries that the loader has', async function () {
    if (process.platform !== 'linux') this.skip();
    const report = process.report.getReport() as { sharedObjects: string[] }; // Node documents this field
    const loaded = report.sharedObjects
      .map((path) => path.split('/').at(-1) ?? '')
      .find((name) => /^libm\.so|^libc\.so/.test(name));
    if (loaded === undefined) this.skip();
    const [found] = await findLibraries(createProbe(), [loaded]);
    assert.equal(found?.kind, 'loadable');
  });

  it('does not wait for a program that does not answer, and says of one that fails why', async function () {
    this.timeout(30_000);
    const probe = createProbe();
    const impatient = createProbe(process.env, 500);
    assert.deepEqual(await probe.run('temper-has-no-such-program', []), { kind: 'absent' });
    const failing = await probe.run(process.execPath, ['-e', 'console.error("out of order"); process.exit(3)']);
    assert.deepEqual(failing, { kind: 'failed', reason: 'out of order' });
    const silent = await impatient.run(process.execPath, ['-e', 'setInterval(() => {}, 1000)']);
    assert.deepEqual(silent, { kind: 'failed', reason: 'it gave no answer in 0.5 seconds' });
  });
});

describe('the places of accelerators', () => {
  const folder = temporaryFolder('places');
  const before = process.env['TEMPER_ACCELERATION_DIR'];
  after(() => {
    if (before === undefined) delete process.env['TEMPER_ACCELERATION_DIR'];
    else process.env['TEMPER_ACCELERATION_DIR'] = before;
    folder.remove();
  });

  it('are the project, what is installed and not what is being installed, and the package itself', () => {
    process.env['TEMPER_ACCELERATION_DIR'] = folder.path;
    assert.deepEqual(accelerationPlaces('/project'), ['/project', packageRoot()]);
    const root = join(folder.path, 'acceleration');
    for (const name of ['webgpu', 'tensorflow', '.installing-tensorflow-gpu-1-2-3-here', 'other'])
      mkdirSync(join(root, name), { recursive: true });
    const expected = ['/project', join(root, 'tensorflow'), join(root, 'webgpu'), packageRoot()];
    assert.deepEqual(accelerationPlaces('/project'), expected);
  });

  const table: [NodeJS.Platform, NodeJS.ProcessEnv, RegExp][] = [
    ['linux', { XDG_DATA_HOME: '/data' }, /^\/data[/\\]temper$/],
    ['linux', { XDG_DATA_HOME: '/data', TEMPER_ACCELERATION_DIR: '/mine' }, /^\/mine$/],
    ['linux', { TEMPER_ACCELERATION_DIR: '' }, /[/\\]\.local[/\\]share[/\\]temper$/],
    ['darwin', { XDG_DATA_HOME: '/data' }, /[/\\]Library[/\\]Application Support[/\\]Temper$/],
    ['win32', { LOCALAPPDATA: 'C:\\Local' }, /^C:\\Local[/\\]Temper$/],
  ];
  for (const [platform, environment, expected] of table) {
    it(`are where ${platform} keeps data, with ${JSON.stringify(environment)}`, () => {
      assert.match(accelerationStorage(environment, platform), expected);
    });
  }
});

describe('versions', () => {
  const table: [string, string, boolean][] = [
    ['450.80.02', '450.80.02', false],
    ['450.51.06', '450.80.02', true],
    ['550.54', '450.80.02', false],
    ['450.80', '450.80.02', true],
    ['2.9', '2.34', true],
    ['2.34', '2.9', false],
  ];
  for (const [version, than, expected] of table) {
    it(`${version} is ${expected ? '' : 'not '}older than ${than}`, () => assert.equal(isOlder(version, than), expected));
  }
});
