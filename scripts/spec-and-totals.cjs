// A mocha reporter: the usual spec on the screen, the totals in a file, so that layers can be added up.
const { writeFileSync } = require('node:fs');
const { reporters } = require('mocha');

module.exports = class SpecAndTotals extends reporters.Spec {
  constructor(runner, options) {
    super(runner, options);
    runner.once('end', () => {
      const { passes, failures, pending } = runner.stats;
      writeFileSync(options.reporterOptions.output, JSON.stringify({ passes, failures, pending }));
    });
  }
};
