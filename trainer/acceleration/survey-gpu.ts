/** Which GPUs the machine has and whether NVIDIA's driver works, as far as the system tells without a graphics library. */
import { z } from 'zod';
import type { Answer, Probe } from './probe';

export interface Gpu {
  readonly vendor: 'nvidia' | 'amd' | 'intel' | 'apple' | 'other';
  readonly name: string;
  readonly memoryBytes: number | undefined;
}

export type NvidiaDriver =
  | { readonly kind: 'working'; readonly version: string }
  /** In the kernel, but nvidia-smi, which comes with the driver's libraries, is not there: typical of containers. */
  | { readonly kind: 'loaded'; readonly version: string }
  | { readonly kind: 'failing'; readonly reason: string }
  | { readonly kind: 'absent' };

export interface Graphics {
  readonly gpus: readonly Gpu[];
  readonly nvidiaDriver: NvidiaDriver;
}

export async function surveyGraphics(probe: Probe): Promise<Graphics> {
  const [nvidia, others] = await Promise.all([askNvidia(probe), listAdapters(probe)]);
  const isCounted = nvidia.gpus.length > 0;
  const unnamed = others.filter(({ vendor }) => vendor !== 'nvidia' || !isCounted);
  return { gpus: [...nvidia.gpus, ...unnamed], nvidiaDriver: nvidia.nvidiaDriver };
}

async function askNvidia(probe: Probe): Promise<Graphics> {
  const query = ['--query-gpu=name,driver_version,memory.total', '--format=csv,noheader,nounits'];
  const answer: Answer = probe.platform === 'darwin' ? { kind: 'absent' } : await probe.run('nvidia-smi', query);
  switch (answer.kind) {
    case 'said':
      return parseNvidiaRows(answer.text);
    case 'failed':
      return { gpus: [], nvidiaDriver: { kind: 'failing', reason: answer.reason } };
    case 'absent':
      return { gpus: [], nvidiaDriver: await readKernelDriver(probe) };
    default:
      return answer satisfies never;
  }
}

/** `NVIDIA H200, 550.54.15, 143771`: memory in MiB, or `[N/A]`. */
function parseNvidiaRows(text: string): Graphics {
  const rows = text.split('\n').map((row) => row.split(',').map((cell) => cell.trim()));
  const whole = rows.flatMap(([name, version, memory]) => (name !== undefined && version ? [{ name, version, memory }] : []));
  const [first] = whole;
  if (first === undefined)
    return { gpus: [], nvidiaDriver: { kind: 'failing', reason: `it lists no GPU: ${text || 'no output'}` } };
  const gpus = whole.map(({ name, memory }) => ({ vendor: 'nvidia', name, memoryBytes: parseMebibytes(memory) }) as const);
  return { gpus, nvidiaDriver: { kind: 'working', version: first.version } };
}

function parseMebibytes(text: string | undefined): number | undefined {
  const number = Number(text);
  return Number.isFinite(number) && number > 0 ? number * 2 ** 20 : undefined;
}

/** `NVRM version: NVIDIA UNIX x86_64 Kernel Module  535.54.03  Tue …` */
async function readKernelDriver(probe: Probe): Promise<NvidiaDriver> {
  const text = probe.platform === 'linux' ? await probe.readText('/proc/driver/nvidia/version') : undefined;
  const version = /Kernel Module(?: for \S+)?\s+(\d+(?:\.\d+)+)/.exec(text ?? '')?.[1];
  return version === undefined ? { kind: 'absent' } : { kind: 'loaded', version };
}

/** Whatever draws or computes, by the system's own list. */
async function listAdapters(probe: Probe): Promise<Gpu[]> {
  if (probe.platform === 'linux') return listLinuxAdapters(probe);
  if (probe.platform === 'darwin') return listMacAdapters(await probe.run('system_profiler', ['SPDisplaysDataType', '-json']));
  if (probe.platform !== 'win32') return [];
  return listWindowsAdapters(await probe.run('powershell.exe', ['-NoProfile', '-NonInteractive', '-Command', windowsQuery]));
}

const pciVendors: Readonly<Record<string, Gpu>> = {
  '0x10de': { vendor: 'nvidia', name: 'a GPU by NVIDIA', memoryBytes: undefined },
  '0x1002': { vendor: 'amd', name: 'a GPU by AMD', memoryBytes: undefined },
  '0x8086': { vendor: 'intel', name: 'a GPU by Intel', memoryBytes: undefined },
};

/** The kernel knows the maker of each card by its PCI number. Cards that a virtual machine invents have other numbers. */
async function listLinuxAdapters(probe: Probe): Promise<Gpu[]> {
  const cards = (await probe.list('/sys/class/drm')).filter((name) => /^card\d+$/.test(name));
  const vendors = await Promise.all(cards.map((card) => probe.readText(`/sys/class/drm/${card}/device/vendor`)));
  return vendors.flatMap((vendor) => pciVendors[vendor?.trim() ?? ''] ?? []);
}

const macReportSchema = z.object({ SPDisplaysDataType: z.array(z.object({ sppci_model: z.string() })) });

function listMacAdapters(answer: Answer): Gpu[] {
  const report = answer.kind === 'said' ? macReportSchema.safeParse(parseJson(answer.text)).data : undefined;
  return (report?.SPDisplaysDataType ?? []).map(({ sppci_model: name }) => describeByName(name));
}

const windowsQuery = 'ConvertTo-Json -Compress @(Get-CimInstance Win32_VideoController | Select-Object Name)';
const windowsReportSchema = z.array(z.object({ Name: z.string() }));

function listWindowsAdapters(answer: Answer): Gpu[] {
  const report = answer.kind === 'said' ? windowsReportSchema.safeParse(parseJson(answer.text)).data : undefined;
  const real = (report ?? []).filter(({ Name: name }) => !/Microsoft (Basic|Remote|Hyper-V)/.test(name));
  return real.map(({ Name: name }) => describeByName(name));
}

function describeByName(name: string): Gpu {
  const makers = [
    ['nvidia', /nvidia|geforce|quadro|tesla/i],
    ['amd', /amd|radeon/i],
    ['intel', /intel/i],
    ['apple', /apple/i],
  ] as const;
  return { vendor: makers.find(([, pattern]) => pattern.test(name))?.[0] ?? 'other', name, memoryBytes: undefined };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // an older system that prints something else: nothing was found
  }
}
