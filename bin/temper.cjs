#!/usr/bin/env node
// The `temper` command: the same trainer that the editor starts, bundled in dist/.
const { existsSync } = require('node:fs');
const { join } = require('node:path');

const bundle = join(__dirname, '..', 'dist', 'temper.cjs');
if (existsSync(bundle)) {
  require(bundle);
} else {
  console.error(`Temper is not built yet: ${bundle} is missing.\nRun \`npm run build\` first.`);
  process.exitCode = 2;
}
