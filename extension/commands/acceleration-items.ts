/** What the list of *Set Up Acceleration* shows: the accelerators, then what was found on the machine. */
import type { AcceleratorReport, Finding } from '../../protocol';
import { messages } from '../messages';

export interface AccelerationItem {
  readonly label: string;
  readonly description: string;
  readonly detail: string;
  readonly about: AcceleratorReport | Finding;
}

export function accelerationItems(reports: readonly AcceleratorReport[], findings: readonly Finding[]) {
  return { accelerators: reports.map(describeAccelerator), findings: findings.map(describeFinding) };
}

function describeAccelerator(report: AcceleratorReport): AccelerationItem {
  return {
    label: `$(${icons[report.state]}) ${messages.acceleratorNames[report.name]}`,
    description: messages.acceleratorStates[report.state],
    detail: formatAdvice(report),
    about: report,
  };
}

function describeFinding(finding: Finding): AccelerationItem {
  const icon = finding.state === 'found' ? 'pass' : 'circle-slash';
  return {
    label: `$(${icon}) ${messages.findingNames[finding.subject]}`,
    description: '',
    detail: formatAdvice(finding),
    about: finding,
  };
}

/** What was found, and what to do about it. A command line as advice is for the terminal: here the list does it. */
export function formatAdvice({ message, remedy }: Pick<Finding, 'message' | 'remedy'>): string {
  return remedy === undefined || remedy.startsWith('temper ') ? message : `${message} ${remedy}`;
}

const icons: Readonly<Record<AcceleratorReport['state'], string>> = {
  usable: 'pass-filled',
  broken: 'error',
  installable: 'cloud-download',
  impossible: 'circle-slash',
};
