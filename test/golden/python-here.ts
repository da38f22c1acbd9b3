/** The Python that a test may have. Where it lacks a package, the test is skipped and says so. */
import { spawnSync } from 'node:child_process';

/** The one in TEMPER_PYTHON, else python3. */
export const python = process.env['TEMPER_PYTHON'] ?? 'python3';

export function hasPackages(program: string, ...packages: readonly string[]): boolean {
  const script = `import importlib.util as i, sys; sys.exit(not all(map(i.find_spec, ${JSON.stringify(packages)})))`;
  return spawnSync(program, ['-c', script], { stdio: 'ignore' }).status === 0;
}
