// npm test: builds, then runs every layer, the editor in a real VS Code workbench included. `npm test -- dataset runs` runs some,
// `npm test -- runs --grep=torn` some of one.
import { build } from './build.mjs';
import { packageVsix } from './package.mjs';
import { layers, runLayer } from './test-layers.mjs';
import { runEditorTests } from './workbench/run-editor-tests.mjs';

const known = [...layers, 'editor'];
const wanted = process.argv.slice(2).filter((argument) => !argument.startsWith('-'));
const unknown = wanted.filter((layer) => !known.includes(layer));
if (unknown.length > 0) {
  console.error(`There is no test layer ${unknown.join(', ')}. Known: ${known.join(', ')}.`);
  process.exit(2);
}
const chosen = wanted.length === 0 ? known : wanted;
const mochaArguments = process.argv.slice(2).filter((argument) => argument.startsWith('-'));

await build();
const totals = { passes: 0, failures: 0, pending: 0 };
/** @type {string[]} */
const failed = [];
/** @type {string[]} */
const triedAgain = [];
for (const layer of chosen) {
  const result = layer === 'editor' ? await runEditorLayer() : await runLayer(layer, mochaArguments);
  totals.passes += result.passes;
  totals.failures += result.failures;
  totals.pending += result.pending;
  failed.push(...result.failed.map((title) => `${layer}: ${title}`));
  triedAgain.push(...result.triedAgain.map((title) => `${layer}: ${title}`));
}
listTests('Passed at the second try', triedAgain);
listTests('Failed', failed);
console.log(`\n${totals.passes} passed, ${totals.failures} failed, ${totals.pending} skipped`);
process.exit(totals.failures > 0 || totals.passes === 0 ? 1 : 0);

/** The extension as it is shipped: packed, installed, driven. */
async function runEditorLayer() {
  console.log('\n— editor —');
  const { passed, failures, failed, triedAgain } = await runEditorTests({ vsix: await packageVsix() });
  return { passes: passed, failures, pending: 0, failed, triedAgain };
}

/**
 * The end of a long log is what one reads.
 * @param {string} title
 * @param {readonly string[]} tests
 */
function listTests(title, tests) {
  if (tests.length > 0) console.log(`\n${title}:\n${tests.map((test) => `  ${test}`).join('\n')}`);
}
