// TensorFlow.js's own tests on one backend, for test-tfjs-core.mjs, which bundles this. Writes [[spec, status, message]] to TEMPER_TEST_REPORT.
import { writeFileSync } from 'node:fs';
import './test-tfjs-core.environment.mjs'; // before the tests, which ask for it as they load
import '@tensorflow/tfjs-core/dist/tests';
import jasmineCore from 'jasmine-core';

/** @type {[string, string, string][]} */
const specs = [];
const env = jasmineCore.boot().getEnv();
env.configure({ random: false });
env.clearReporters();
env.addReporter({
  specDone: ({ fullName, status, failedExpectations }) => {
    specs.push([fullName, status, failedExpectations[0]?.message ?? '']);
  },
  jasmineDone: ({ failedExpectations }) => {
    for (const { message } of failedExpectations) specs.push(['outside of the specs', 'failed', message]);
  },
});
void env.execute().then(() => {
  writeFileSync(process.env.TEMPER_TEST_REPORT ?? '', JSON.stringify(specs));
  process.exit(0); // some of the tests leave timers behind
});
