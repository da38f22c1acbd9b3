// The mocha runner that VS Code calls inside the extension host. What happened is written to a file while it happens,
// because a host that crashes has no exit code worth trusting.
import * as fs from 'node:fs';
import { format } from 'node:util';
import Mocha from 'mocha';

interface Result {
  title: string;
  state: 'passed' | 'failed' | 'pending';
  ms?: number;
  error?: string;
}

interface Record {
  ended: boolean;
  running?: string;
  failures: number;
  results: Result[];
}

/** Rejecting tells the workbench that tests failed. */
export async function run(): Promise<void> {
  process.setSourceMapsEnabled(true);
  const record: Record = { ended: false, failures: 0, results: [] };
  try {
    record.failures = await runMocha(record);
  } catch (error) {
    record.failures += 1;
    record.results.push({ title: 'loading the test files', state: 'failed', error: inWords(error) });
    report(inWords(error));
  }
  record.ended = true;
  delete record.running;
  save(record);
  if (record.failures > 0) throw new Error(`${record.failures} test(s) failed`);
}

function runMocha(record: Record): Promise<number> {
  Mocha.reporters.Base.consoleLog = report;
  const grep = process.env['TEMPER_HOST_GREP'];
  const mocha = new Mocha({ ui: 'bdd', timeout: 20_000, color: false, reporter: 'spec', ...(grep ? { grep } : {}) });
  for (const file of testFiles()) mocha.addFile(file);
  return new Promise((resolve) => {
    const runner = mocha.run(resolve);
    const add = (result: Result) => {
      record.results.push(result);
      save(record);
    };
    runner.on('test', (test) => {
      record.running = test.fullTitle();
      save(record);
    });
    runner.on('pass', (test) => add({ title: test.fullTitle(), state: 'passed', ms: test.duration ?? 0 }));
    runner.on('pending', (test) => add({ title: test.fullTitle(), state: 'pending' }));
    runner.on('fail', (test, error: unknown) => add({ title: test.fullTitle(), state: 'failed', error: inWords(error) }));
  });
}

function testFiles(): string[] {
  const files: unknown = JSON.parse(process.env['TEMPER_HOST_TESTS'] ?? '[]');
  if (!Array.isArray(files) || files.length === 0) throw new Error('TEMPER_HOST_TESTS names no test file');
  return files.map(String);
}

function report(...values: unknown[]): void {
  const file = process.env['TEMPER_HOST_REPORT'];
  if (file) fs.appendFileSync(file, format(...values) + '\n');
}

/** Written beside and renamed: the reader may come at any time. */
function save(record: Record): void {
  const file = process.env['TEMPER_HOST_RESULT'];
  if (!file) return;
  fs.writeFileSync(`${file}.new`, JSON.stringify(record, null, 1));
  fs.renameSync(`${file}.new`, file);
}

function inWords(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
