// npm run test:desktop: the suites of the extension host in a desktop VS Code. TEMPER_VSCODE names an installed one,
// otherwise it is downloaded into .vscode-test.
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { downloadAndUnzipVSCode, runTests, SilentReporter } from '@vscode/test-electron';
import { bundleEditorTests, bundleFolder } from './workbench/bundle-editor-tests.mjs';
import { atEnd } from './workbench/ending.mjs';
import { repository } from './workbench/prepare-server.mjs';
import { follow, hostEnvironment, hostFiles, readHostResult } from './workbench/run-in-host.mjs';

process.exitCode = await main();

async function main() {
  const executable = await findDesktop();
  if (!executable) return 1;
  const { status } = spawnSync(process.execPath, [path.join(repository, 'scripts/build.mjs')], {
    stdio: 'inherit',
    cwd: repository,
  });
  if (status !== 0) return status ?? 1;
  const tests = await bundleEditorTests();
  const work = fs.mkdtempSync(path.join(os.tmpdir(), 'temper-desktop-'));
  const remove = atEnd(() => fs.rmSync(work, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 }));
  const { failures, reason } = await runDesktop(executable, work, { index: tests.index, files: tests.host });
  remove();
  if (reason) console.log(reason);
  return failures === 0 ? 0 : 1;
}

/** @returns {Promise<string | undefined>} */
async function findDesktop() {
  const named = process.env['TEMPER_VSCODE'];
  if (named && !fs.existsSync(named)) console.log(`TEMPER_VSCODE is set to ${named}, which does not exist.`);
  if (named) return fs.existsSync(named) ? named : undefined;
  try {
    return await downloadAndUnzipVSCode({ cachePath: path.join(repository, '.vscode-test'), reporter: new SilentReporter() });
  } catch (error) {
    console.log(
      `VS Code could not be downloaded (${inOneLine(error)}): set TEMPER_VSCODE to the executable of an installed one.`,
    );
    return undefined;
  }
}

/**
 * @param {string} executable
 * @param {string} work
 * @param {{ index: string, files: string[] }} tests
 */
async function runDesktop(executable, work, tests) {
  const files = hostFiles(work);
  const project = path.join(work, 'project');
  fs.mkdirSync(project);
  const stopPrinting = follow(files.report, (text) => process.stdout.write(text));
  const end = await runTests({
    vscodeExecutablePath: executable,
    extensionDevelopmentPath: [repository, bundleFolder],
    extensionTestsPath: tests.index,
    extensionTestsEnv: hostEnvironment(files, tests),
    launchArgs: [
      project,
      '--user-data-dir',
      path.join(work, 'data'),
      '--extensions-dir',
      path.join(work, 'extensions'),
      '--disable-telemetry',
    ],
  }).then(
    () => 'VS Code ended',
    (error) => inOneLine(error),
  );
  stopPrinting();
  return readHostResult(files.result, end);
}

/** @param {unknown} error */
function inOneLine(error) {
  const cause = error instanceof Error && error.cause instanceof Error ? `: ${error.cause.message}` : '';
  return ((error instanceof Error ? error.message : String(error)) + cause).trim().replaceAll(/\s*\n\s*/g, ' ');
}
