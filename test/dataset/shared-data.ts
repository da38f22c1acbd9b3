/** Files that others made, in ../shared/data; suites about a folder that is not there are skipped, with the reason in their title. */
import { existsSync, readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';

const root = resolve(process.cwd(), '../shared/data');

export const sharedFile = (...path: string[]): string => join(root, ...path);

/** Of a folder and of those in it. */
export function sharedFiles(folder: string): string[] {
  const entries = readdirSync(sharedFile(folder), { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
}

export function describeData(folder: string, tests: () => void): void {
  const isThere = existsSync(sharedFile(folder));
  describe(isThere ? folder : `${folder} (skipped: no ${sharedFile(folder)})`, () => {
    before(function () {
      if (!isThere) this.skip();
    });
    tests();
  });
}
