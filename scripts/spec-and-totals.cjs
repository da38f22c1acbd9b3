// A mocha reporter: the usual spec on the screen; in a file the totals, so that layers can be added up, and the names of
// tests that failed or needed a second try.
const { writeFileSync } = require('node:fs');
const { reporters } = require('mocha');

module.exports = class SpecAndTotals extends reporters.Spec {
  constructor(runner, options) {
    super(runner, options);
    const failed = [];
    const triedAgain = [];
    runner.on('fail', (test) => failed.push(test.fullTitle()));
    runner.on('retry', (test, error) => {
      triedAgain.push(test.fullTitle());
      console.log(`    failed once, tried again: ${test.title}: ${error.message}`);
    });
    runner.once('end', () => {
      const { passes, failures, pending } = runner.stats;
      writeFileSync(options.reporterOptions.output, JSON.stringify({ passes, failures, pending, failed, triedAgain }));
    });
  }
};
