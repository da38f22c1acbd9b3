/** Problems as SARIF 2.1.0 (OASIS), which code hosts and editors read. */
import { isAbsolute, relative, sep } from 'node:path';
import { pathToFileURL } from 'node:url';
import { problemCodes, rules, type Fix, type Problem, type Severity, type TextRange } from '../../protocol';
import type { LintedFile } from './linted-file';

export interface SarifOptions {
  /** Absolute: what the paths are relative to. */
  readonly workingDir: string;
  readonly temperVersion: string;
  /** The address of docs/rules.md. */
  readonly rulesPage: string;
  readonly exitCode: number;
}

const baseId = 'WORKINGDIR';
const levels = { error: 'error', warning: 'warning', information: 'note' } as const satisfies Record<Severity, string>;

export function createSarifLog(files: readonly LintedFile[], options: SarifOptions): object {
  const { workingDir, exitCode } = options;
  const place = { uri: folderUrl(workingDir) };
  return {
    $schema: 'https://docs.oasis-open.org/sarif/sarif/v2.1.0/os/schemas/sarif-schema-2.1.0.json',
    version: '2.1.0',
    runs: [
      {
        tool: { driver: describeTool(options) },
        columnKind: 'utf16CodeUnits',
        originalUriBaseIds: { [baseId]: place },
        invocations: [{ executionSuccessful: true, exitCode, workingDirectory: place }],
        results: files.flatMap((file) => file.problems.map((problem) => createResult(problem, file, workingDir))),
      },
    ],
  };
}

function describeTool({ temperVersion, rulesPage }: SarifOptions): object {
  const described = problemCodes.map((code) => ({
    id: code,
    shortDescription: { text: `${rules[code].summary}.` },
    helpUri: `${rulesPage}#${code}`,
    defaultConfiguration: { level: levels[rules[code].severity] },
  }));
  return { name: 'Temper', semanticVersion: temperVersion, rules: described };
}

function createResult(problem: Problem, linted: LintedFile, workingDir: string): object {
  const { code, severity, message, related = [], fixes = [] } = problem;
  const file = problem.file ?? linted.file;
  const fingerprint = linted.fingerprintOf(problem); // none for what is about the whole file
  const relatedLocations = related.map((place) => ({
    ...locate(place.file ?? file, place, workingDir),
    message: { text: place.message },
  }));
  return {
    ruleId: code,
    ruleIndex: problemCodes.indexOf(code),
    level: levels[severity],
    message: { text: message },
    locations: [hasText(linted, problem) ? locate(file, problem, workingDir) : locateRow(file, problem, workingDir)],
    ...(relatedLocations.length > 0 && { relatedLocations }),
    ...(fingerprint !== '' && { partialFingerprints: { 'temperRow/v1': fingerprint } }),
    ...(fixes.length > 0 && { fixes: fixes.map((fix) => describeFix(fix, file, workingDir)) }),
  };
}

/** Lines and columns mean nothing in Parquet files, in folders, and in an image that a row names. */
function hasText({ format }: LintedFile, problem: Problem): boolean {
  return problem.file === undefined && format?.format !== 'parquet' && format?.format !== 'image-folder';
}

function locate(file: string, range: TextRange, workingDir: string): object {
  return { physicalLocation: { artifactLocation: artifact(file, workingDir), region: region(range) } };
}

function locateRow(file: string, { line, file: image }: Problem, workingDir: string): object {
  const row = image === undefined ? { logicalLocations: [{ name: `row ${line}` }] } : {};
  return { physicalLocation: { artifactLocation: artifact(file, workingDir) }, ...row };
}

function region({ line, column, endLine, endColumn }: TextRange): object {
  return { startLine: line, startColumn: column, endLine, endColumn };
}

function describeFix({ title, isSafe, edits, file: other }: Fix, file: string, workingDir: string): object {
  const replacements = edits.map((edit) => ({
    deletedRegion: region(edit),
    ...(edit.text !== '' && { insertedContent: { text: edit.text } }),
  }));
  const artifactLocation = artifact(other ?? file, workingDir);
  return { description: { text: title }, artifactChanges: [{ artifactLocation, replacements }], properties: { isSafe } };
}

/** Relative where the file lies in the folder, so that the log means the same on another machine. */
function artifact(file: string, workingDir: string): object {
  const path = relative(workingDir, file);
  if (isAbsolute(path) || path === '' || path.split(sep)[0] === '..') return { uri: pathToFileURL(file).href };
  return { uri: path.split(sep).map(encodeURIComponent).join('/'), uriBaseId: baseId };
}

function folderUrl(dir: string): string {
  const { href } = pathToFileURL(dir);
  return href.endsWith('/') ? href : `${href}/`;
}
