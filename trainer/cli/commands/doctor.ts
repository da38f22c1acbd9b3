/** `temper doctor`: what computes here, what could not be used and why. */
import { availableParallelism, totalmem } from 'node:os';
import { resolve } from 'node:path';
import { chooseBackend, reportBackends } from '../../backends/choose';
import { temperVersion } from '../../assets';
import type { Command } from '../command';

export const doctorCommand: Command = {
  name: 'doctor',
  synopsis: 'doctor',
  summary: 'Try every backend and say which one a run would use.',
  options: {},
  async run(_args, output) {
    const request = { backend: 'auto' as const, threads: undefined, projectDir: resolve('.') };
    for (const report of await reportBackends(request)) {
      output.record({ kind: 'backend', ...report });
      output.say(`${report.usable ? '✓' : '✗'} ${report.name.padEnd(15)} ${report.reason}`);
    }
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
