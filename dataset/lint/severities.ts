/** What temper.json says of a problem: how much it matters here, or that it is known and accepted. */
import { relative, sep } from 'node:path';
import { type LintConfig, type Problem, type Suppression } from '../../protocol';
import type { FileRole } from './file-role';

export interface Settled {
  readonly problems: Problem[];
  readonly suppressed: number;
}

/** Problems with their severity here; those that are off or suppressed are not among them. */
export class Severities {
  /** Suppressions that have hidden something. */
  readonly used = new Set<Suppression>();
  private readonly rules: LintConfig['rules'];
  private readonly suppressions: readonly Suppression[];

  constructor({ file, lint, project }: FileRole) {
    this.rules = lint.rules;
    const path = project && relative(project.dir, file).split(sep).join('/');
    this.suppressions = lint.suppress.filter((entry) => entry.file === undefined || normalise(entry.file) === path);
  }

  isOff(code: Problem['code']): boolean {
    return this.rules[code] === 'off';
  }

  /** `fingerprintOf` is asked only for codes that a suppression of single rows names. */
  settle(problems: readonly Problem[], fingerprintOf: (problem: Problem) => string): Settled {
    if (problems.length === 0) return { problems: [], suppressed: 0 };
    const settled: Problem[] = [];
    let suppressed = 0;
    for (const problem of problems) {
      const severity = this.rules[problem.code] ?? problem.severity;
      if (severity === 'off') continue;
      if (this.isSuppressed(problem, fingerprintOf)) suppressed++;
      else settled.push(severity === problem.severity ? problem : { ...problem, severity });
    }
    return { problems: settled, suppressed };
  }

  private isSuppressed(problem: Problem, fingerprintOf: (problem: Problem) => string): boolean {
    const found = this.suppressions.find(
      ({ code, row }) => code === problem.code && (row === undefined || row === fingerprintOf(problem)),
    );
    if (found) this.used.add(found);
    return found !== undefined;
  }
}

function normalise(path: string): string {
  return path.replaceAll('\\', '/').replace(/^\.\//, '');
}
