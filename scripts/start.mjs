// npm start: Temper in an editor, with a sample project open. In the VS Code of this machine when there is one, else in a
// browser: then VS Code is served from here, on loopback only. `--serve` takes the browser anyway.
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { prepareServer, repository } from './workbench/prepare-server.mjs';
import { workbenchUrl } from './workbench/browser.mjs';
import { linkExtension, startServer } from './workbench/server.mjs';
import { createWorkFolder } from './workbench/work-folder.mjs';

const isServed = process.argv.includes('--serve');

build();
const project = makeSampleProject();
const reason = isServed ? 'asked for' : openDesktop(project);
if (reason) await serve(project, reason);

function build() {
  const { status } = spawnSync(process.execPath, [path.join(repository, 'scripts/build.mjs')], {
    stdio: 'inherit',
    cwd: repository,
  });
  if (status !== 0) process.exit(status ?? 1);
}

/** A copy to play with; what was done in it stays until it is deleted. */
function makeSampleProject() {
  const folder = path.join(repository, 'out/sample-project');
  if (fs.existsSync(folder)) return folder;
  const { status } = spawnSync(
    process.execPath,
    [path.join(repository, 'bin/temper.cjs'), 'new', 'text-classification', folder],
    { stdio: 'inherit' },
  );
  if (status !== 0) process.exit(status ?? 1);
  return folder;
}

/**
 * @param {string} folder
 * @returns {string | undefined} why it did not work
 */
function openDesktop(folder) {
  const { status, error } = spawnSync('code', [`--extensionDevelopmentPath=${repository}`, folder], {
    stdio: 'inherit',
    shell: process.platform === 'win32',
  });
  if (error) return '`code` is not on the PATH';
  return status === 0 ? undefined : `\`code\` ended with ${status}`;
}

/**
 * @param {string} folder
 * @param {string} reason
 */
async function serve(folder, reason) {
  const server = await prepareServer();
  const editor = path.join(repository, 'out/served-editor');
  fs.rmSync(path.join(editor, 'extensions'), { recursive: true, force: true }); // its list would hide a new version of ours
  const work = createWorkFolder(editor);
  linkExtension(work, repository);
  const served = await startServer(server, work, { isForTests: false });
  console.log(`VS Code in a browser (${reason}): ${workbenchUrl(served, folder)} (Ctrl-C ends it)`);
  await served.ended;
  console.log(`The VS Code server ended:\n${served.log()}`);
  process.exitCode = 1;
}
