// npm run bench, bench:run, bench:scale, bench:savings, bench:quality, bench:lint: builds Temper and the bench, then runs the program of that name (bench/README.md
// has the options). Start nothing else meanwhile. `node scripts/bench.mjs bundle` only makes the bench's bundles, for its test.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import * as esbuild from 'esbuild';
import { build, nodeBundle, root } from './build.mjs';

const programs = ['steps', 'run', 'scale', 'savings', 'quality', 'lint'];
const outdir = join(root, 'out', 'bench', 'programs');
const [program = 'steps', ...args] = process.argv.slice(2);
if (![...programs, 'bundle'].includes(program)) {
  console.error(`There is no bench "${program}". Known: ${programs.join(', ')}.`);
  process.exit(2);
}

if (program !== 'bundle') await build();
await esbuild.build({
  ...nodeBundle,
  entryPoints: [...programs, 'temper-contestant', 'lint-subject'].map((name) => `bench/${name}.ts`),
  outdir,
  outExtension: { '.js': '.cjs' },
  sourcemap: 'inline',
});
if (program !== 'bundle') {
  const command = ['--enable-source-maps', join(outdir, `${program}.cjs`), ...args];
  process.exit(spawnSync(process.execPath, command, { cwd: root, stdio: 'inherit' }).status ?? 1);
}
