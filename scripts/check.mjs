// npm run check: types, lint, format and the fast tests, in under a minute.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { root } from './build.mjs';
import { runLayer } from './test-layers.mjs';

const tool = (/** @type {string} */ ...path) => join(root, 'node_modules', ...path);
const steps = [
  ['types', [tool('typescript', 'bin', 'tsc'), '-b']],
  ['lint', [tool('eslint', 'bin', 'eslint.js'), '--max-warnings', '0', '.']],
  ['format', [tool('prettier', 'bin', 'prettier.cjs'), '--check', '--log-level', 'warn', '.']],
];

let failed = false;
for (const [name, command] of /** @type {[string, string[]][]} */ (steps)) {
  const { status } = spawnSync(process.execPath, command, { cwd: root, stdio: 'inherit' });
  console.log(`${status === 0 ? 'ok    ' : 'FAILED'} ${name}`);
  failed ||= status !== 0;
}
for (const layer of ['protocol', 'dataset', 'runs', 'docs']) failed ||= (await runLayer(layer, ['--forbid-only'])).failures > 0;
process.exit(failed ? 1 : 0);
