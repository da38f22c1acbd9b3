/** `temper doctor`: what computes here, what could not be used and why, and what this machine could have. Nothing is changed. */
import { availableParallelism, totalmem } from 'node:os';
import { resolve } from 'node:path';
import { temperVersion } from '../../../inputs/assets';
import type { AcceleratorReport, Finding } from '../../../protocol';
import { explain, type Explanation } from '../../acceleration/explain';
import { accelerationStorage } from '../../acceleration/places';
import { createProbe } from '../../acceleration/probe';
import { surveyMachine } from '../../acceleration/survey';
import { chooseBackend, reportBackends } from '../../backends/choose';
import type { Command } from '../command';
import type { Output } from '../output';

export const doctorCommand: Command = {
  name: 'doctor',
  synopsis: 'doctor',
  summary: 'Try every backend, say which one a run would use, and what would make it faster.',
  options: {},
  async run(_args, output) {
    const request = { backend: 'auto' as const, threads: undefined, projectDir: resolve('.') };
    const survey = await surveyMachine(createProbe(), accelerationStorage()); // first: native backends load what it looks for
    const backends = await reportBackends(request);
    for (const report of backends) {
      output.record({ kind: 'backend', ...report });
      output.say(`${report.usable ? '✓' : '✗'} ${report.name.padEnd(15)} ${report.reason}`);
    }
    describe(explain(survey, backends), output);
    const { name, threads } = await chooseBackend(request);
    const memoryBytes = totalmem();
    output.say(
      `A run would use ${name}. Temper ${temperVersion()}, Node ${process.version}, ${availableParallelism()} cores, ${(memoryBytes / 2 ** 30).toFixed(1)} GiB of memory.`,
    );
    output.record({
      kind: 'result',
      chosen: name,
      threads,
      temperVersion: temperVersion(),
      nodeVersion: process.version,
      cores: availableParallelism(),
      memoryBytes,
    });
    return 0;
  },
};

function describe({ findings, accelerators }: Explanation, output: Output): void {
  output.say('\nWhat was found:');
  for (const finding of findings) {
    output.record(finding);
    output.say(`${finding.state === 'found' ? '✓' : '✗'} ${finding.subject.padEnd(15)} ${describeWithRemedy(finding)}`);
  }
  output.say('\nWhat can make it faster:');
  for (const report of accelerators) {
    output.record(report);
    output.say(`${marks[report.state]} ${report.name.padEnd(15)} ${describeWithRemedy(report)}`);
  }
  output.say('');
}

const marks: Readonly<Record<AcceleratorReport['state'], string>> = {
  usable: '✓',
  broken: '✗',
  installable: '+',
  impossible: '✗',
};

function describeWithRemedy({ message, remedy }: Pick<Finding, 'message' | 'remedy'>): string {
  return remedy === undefined ? message : `${message}\n${' '.repeat(18)}→ ${remedy}`;
}
