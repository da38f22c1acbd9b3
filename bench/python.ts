/** Finds a Python with PyTorch, transformers and PEFT, to measure against. */
import { spawnSync } from 'node:child_process';

export type FoundPython =
  { readonly kind: 'found'; readonly python: string } | { readonly kind: 'missing'; readonly reason: string };

const packages = ['torch', 'transformers', 'peft'];
const hasPackages = `import importlib.util as i, sys; sys.exit(not all(map(i.find_spec, ${JSON.stringify(packages)})))`;

/** The one in TEMPER_PYTHON, else python3. */
export function findPython(): FoundPython {
  const python = process.env['TEMPER_PYTHON'] ?? 'python3';
  if (spawnSync(python, ['-c', hasPackages], { stdio: 'ignore' }).status === 0) return { kind: 'found', python };
  return {
    kind: 'missing',
    reason: `"${python}" is no Python with ${packages.join(', ')}; set TEMPER_PYTHON to one (bench/README.md says how to make it)`,
  };
}
