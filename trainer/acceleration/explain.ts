/** Puts a survey into words: for each accelerator whether it can be had, why not, and what to do. The machine itself: explain-machine.ts. */
import { accelerators, type Accelerator, type AcceleratorReport, type BackendName, type Finding } from '../../protocol';
import {
  explainCuda,
  explainDriver,
  explainMachine,
  explainNpm,
  explainVulkan,
  formatGigabytes,
  hasNvidia,
  joinWords,
} from './explain-machine';
import { acceleratorPackages, isOlder } from './packages';
import type { Survey } from './survey';

/** What `choose.ts` says about a backend that it tried to start. */
export interface TriedBackend {
  readonly name: BackendName;
  readonly usable: boolean;
  readonly reason: string;
}

export interface Explanation {
  readonly findings: readonly Finding[];
  readonly accelerators: readonly AcceleratorReport[];
}

export function explain(survey: Survey, tried: readonly TriedBackend[]): Explanation {
  const reports = accelerators.map((name) => {
    const backend = tried.find((candidate) => candidate.name === name);
    return explainAccelerator(name, survey, backend);
  });
  return { findings: explainMachine(survey), accelerators: reports };
}

/** Why something cannot be installed. */
interface Obstacle {
  readonly message: string;
  readonly remedy?: string | undefined;
}

function explainAccelerator(name: Accelerator, survey: Survey, backend: TriedBackend | undefined): AcceleratorReport {
  const { source, diskBytes } = acceleratorPackages[name];
  const isInstalled = survey.installed.includes(name);
  const base = { kind: 'accelerator', name, isInstalled, source, diskBytes } as const;
  if (backend?.usable === true) return { ...base, state: 'usable', message: `${backend.reason}.` };
  const obstacles = findObstacles(name, survey);
  const message = obstacles.map((obstacle) => obstacle.message).join(' ');
  const remedy = [...new Set(obstacles.flatMap((obstacle) => obstacle.remedy ?? []))].join(' ');
  if (isInstalled) {
    const why = `It is installed, but a run cannot use it: ${backend?.reason ?? 'it was not tried'}. ${message}`.trim();
    return { ...base, state: 'broken', message: why, remedy: remedy || `Install it again: temper accelerate ${name}` };
  }
  if (obstacles.length > 0) return { ...base, state: 'impossible', message, ...(remedy !== '' && { remedy }) };
  const offer = `It can be installed: about ${formatGigabytes(diskBytes)} on disk, from ${source}.`;
  return { ...base, state: 'installable', message: offer, remedy: `temper accelerate ${name}` };
}

/** Everything that stands in the way, not only the first: a person fixes all of it in one go. */
export function findObstacles(name: Accelerator, survey: Survey): Obstacle[] {
  const target = checkTarget(name, survey);
  if (target !== undefined) return [target]; // nothing else matters then
  const needed =
    name === 'tensorflow-gpu' ? [explainDriver(survey), explainCuda(survey)] : name === 'webgpu' ? [explainVulkan(survey)] : [];
  const hardware =
    name === 'tensorflow-gpu' && !hasNvidia(survey) ? [{ message: 'It needs a GPU by NVIDIA, and none was found.' }] : [];
  const faults = [...needed, explainNpm(survey)].filter((finding) => finding !== undefined && finding.state !== 'found');
  return [...hardware, ...faults.filter((finding) => finding !== undefined), ...checkDisk(name, survey)];
}

function checkTarget(name: Accelerator, { platform, architecture, glibcVersion }: Survey): Obstacle | undefined {
  const { name: packageName, targets, minimumGlibc } = acceleratorPackages[name];
  const target = `${platform}-${architecture}`;
  if (!targets.includes(target)) return { message: `${packageName} exists for ${joinWords(targets)}, not for ${target}.` };
  if (platform !== 'linux') return undefined;
  if (glibcVersion === undefined)
    return { message: `${packageName} needs a Linux with glibc, and this one has another C library.` };
  if (minimumGlibc === undefined || !isOlder(glibcVersion, minimumGlibc)) return undefined;
  return {
    message: `${packageName} needs glibc ${minimumGlibc} or newer, and this system has ${glibcVersion}.`,
    remedy: 'A newer release of the system brings it.',
  };
}

function checkDisk(name: Accelerator, { freeBytes, storageDir }: Survey): Obstacle[] {
  const { diskBytes } = acceleratorPackages[name];
  if (freeBytes === undefined || freeBytes >= diskBytes) return [];
  const message = `It takes about ${formatGigabytes(diskBytes)}, and ${formatGigabytes(freeBytes)} are free in ${storageDir}.`;
  return [{ message, remedy: 'Free some space there, or name another folder in TEMPER_ACCELERATION_DIR.' }];
}
