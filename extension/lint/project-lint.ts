/**
 * What is wrong with one project's temper.json and data files, as they stand on disk or, where the user is typing, in the
 * editor. Knows of the editor only a function that gives unsaved text. A file that did not change is not linted again.
 */
import { readFile, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { parseConfig, splits, type Problem, type RunConfig, type Split } from '../../protocol';
import { rangeInConfig } from '../../dataset/config-text';
import { decodeText } from '../../dataset/decode-text';
import { hasErrors, lintBytes, lintText, type LintOptions, type LintResult } from '../../dataset/lint-file';
import { configFileName, lintConfigText } from '../../dataset/project';
import { collectLabels } from '../../dataset/read-split-files';
import { messages } from '../messages';

/** Text that is newer than the file. */
export interface UnsavedText {
  readonly version: number;
  readonly text: string;
}

export interface FileFindings {
  readonly problems: readonly Problem[];
  /** Why the file was not looked at. */
  readonly skipped?: string;
}

const largestBytes = 20_000_000;

export class ProjectLint {
  readonly dir: string;
  /** Absolute; those that the newest temper.json names, and itself. */
  files: ReadonlySet<string>;
  private readonly unsaved: (file: string) => UnsavedText | undefined;
  private readonly known = new Map<string, { readonly stamp: string; readonly result: LintResult }>();

  constructor(dir: string, unsaved: (file: string) => UnsavedText | undefined) {
    this.dir = dir;
    this.unsaved = unsaved;
    this.files = new Set([this.configFile]);
  }

  get configFile(): string {
    return join(this.dir, configFileName);
  }

  /** Findings by absolute path. A file without any is in it too. */
  async lint(): Promise<Map<string, FileFindings>> {
    const text = await this.readConfigText();
    if (text === undefined) return new Map();
    const parsed = hasErrors(lintConfigText(text)) ? undefined : parseConfig(JSON.parse(text));
    if (parsed?.kind !== 'valid') return new Map([[this.configFile, { problems: lintConfigText(text) }]]);
    return this.lintData(parsed.config, text);
  }

  private async lintData(config: RunConfig, configText: string): Promise<Map<string, FileFindings>> {
    const findings = new Map<string, FileFindings>();
    const missing: Problem[] = [];
    let { labels } = config.data;
    for (const split of splits) {
      const path = config.data[split];
      if (path === undefined) continue;
      const file = resolve(this.dir, path);
      const found = await this.lintFile(file, {
        task: config.task.type,
        data: config.data,
        labels,
        role: split === 'train' ? 'train' : 'held-out',
      });
      if (found === undefined) missing.push(missingFile(configText, split, file));
      else findings.set(file, found);
      if (split === 'train') labels ??= labelsIn(found);
    }
    findings.set(this.configFile, { problems: missing });
    this.files = new Set([...findings.keys(), ...namedFiles(this.dir, config)]);
    return findings;
  }

  /** `undefined` when there is no such file. */
  private async lintFile(
    file: string,
    options: LintOptions,
  ): Promise<(FileFindings & { rows?: LintResult['rows'] }) | undefined> {
    const unsaved = this.unsaved(file);
    const stats = await stat(file).catch(() => undefined);
    if (unsaved === undefined && !stats?.isFile()) return undefined;
    const bytes = unsaved?.text.length ?? stats?.size ?? 0;
    if (bytes > largestBytes) return { problems: [], skipped: messages.tooLargeToLint(Math.round(bytes / 1e6)) };
    const stamp = [unsaved?.version, stats?.mtimeMs, stats?.size, JSON.stringify(options)].join('|');
    const known = this.known.get(file);
    if (known?.stamp === stamp) return known.result;
    const result = unsaved ? lintText(file, unsaved.text, options) : lintBytes(file, await readFile(file), options);
    this.known.set(file, { stamp, result });
    return result;
  }

  private async readConfigText(): Promise<string | undefined> {
    const unsaved = this.unsaved(this.configFile);
    if (unsaved !== undefined) return unsaved.text;
    const bytes = await readFile(this.configFile).catch(() => undefined);
    return bytes === undefined ? undefined : decodeText(bytes).text;
  }
}

function namedFiles(dir: string, config: RunConfig): string[] {
  return splits.flatMap((split) => config.data[split] ?? []).map((path) => resolve(dir, path));
}

/** Labels of a file with errors would call right rows of the others wrong. */
function labelsIn(found: (FileFindings & { rows?: LintResult['rows'] }) | undefined): string[] | undefined {
  return found?.rows === undefined || hasErrors(found.problems) ? undefined : collectLabels(found.rows);
}

function missingFile(configText: string, split: Split, file: string): Problem {
  const message = messages.missingFile(file, split);
  return { ...rangeInConfig(configText, { path: ['data', split], message }), code: 'missing-file', severity: 'error', message };
}
