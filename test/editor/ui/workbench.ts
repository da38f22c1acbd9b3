// What UI suites import: a window with the extension under test in it. Windows a suite leaves open are closed at the
// end; of a test that fails, a picture of each open window is kept.
import * as fs from 'node:fs';
import * as path from 'node:path';
import { openWorkbench as open, type Workbench, type WorkbenchOptions } from '../../../scripts/workbench/open-workbench.mjs';

export type { Workbench, WorkbenchOptions };

const opened = new Set<Workbench>();

/** Opens a window; the extension is the one that the runner was given, unless the options name another. */
export async function openWorkbench(options: WorkbenchOptions = {}): Promise<Workbench> {
  const isNamed = options.vsix !== undefined || options.extensionFolder !== undefined;
  const extension = isNamed ? {} : { vsix: setting('TEMPER_VSIX'), extensionFolder: setting('TEMPER_EXTENSION') };
  const workbench = await open({
    server: setting('TEMPER_SERVER'),
    chromium: setting('TEMPER_CHROMIUM'),
    ...extension,
    ...options,
  });
  opened.add(workbench);
  return { ...workbench, close: () => close(workbench) };
}

async function close(workbench: Workbench): Promise<void> {
  opened.delete(workbench);
  await workbench.close();
}

afterEach(async function () {
  const test = this.currentTest;
  const folder = setting('TEMPER_PICTURES');
  if (test?.state !== 'failed' || !folder) return;
  fs.mkdirSync(folder, { recursive: true });
  const name = test.fullTitle().replace(/[^\w-]+/g, '-');
  let index = 0;
  for (const workbench of opened) await workbench.page.screenshot({ path: path.join(folder, `${name}-${index++}.png`) });
});

after(async () => {
  for (const workbench of opened) await close(workbench);
});

function setting(name: string): string | undefined {
  return process.env[name] || undefined;
}
