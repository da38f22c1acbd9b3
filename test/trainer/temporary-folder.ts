/** A folder of the system's temporary ones, for the files of a test. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export function temporaryFolder(prefix: string): { readonly path: string; remove(): void } {
  const path = mkdtempSync(join(tmpdir(), `temper-${prefix}-`));
  return {
    path,
    remove() {
      rmSync(path, { recursive: true, force: true });
    },
  };
}
