/**
 * Linting as a conversation: files of a project, or files alone, are linted, then kept up to date while they are edited.
 * What blocks say comes first, what rules of whole files say follows; an edit stops what is under way. One session lints
 * for the editor, for the command line and for training.
 */
import { setImmediate as letOthersIn, setTimeout as sleep } from 'node:timers/promises';
import type { TextEdit } from '../../protocol';
import { createHeaderInspector } from '../images/inspect-image';
import { reportConfig } from './config-report';
import type { FileLint } from './file-lint';
import { nameOfRole, type FileRole } from './file-role';
import type { Depth } from './lint-block';
import type { LintedFile, LintLimits, LintTools, RowAtPlace, TextChange } from './linted-file';
import { editText, openDisk, openText, textOf, type OpenText } from './open-file';
import { rolesOfProject, type ProjectRoles, type ReadRoles } from './project-roles';
import { ReadingAgain } from './read-again';
import { reportFile } from './report-file';
import { rowAtPlace } from './row-at-place';
import { collectSafeEdits } from './safe-edits';
import { runStages, type StageRun, type Stages } from './stages';

export interface SessionOptions {
  readonly tools: LintTools;
  readonly limits: LintLimits;
  readonly depth?: Depth;
  readonly stages?: Stages;
  readonly keepsRows?: boolean;
  /** What is waited for before rules of whole files run: somebody may be typing. */
  readonly pauseMs?: number;
  readonly signal?: AbortSignal | undefined;
}

export const everything: Depth = { rowRules: true, digests: true };
export const allStages: Stages = { leaks: true, nearDuplicates: true, images: true };

/** Others are let in after so many milliseconds of work. */
const sliceMs = 8;

export class LintSession {
  private readonly options: SessionOptions;
  private readonly readRoles: ReadRoles;
  private readonly lints = new Map<string, FileLint>();
  /** What editors hold. */
  private readonly opened = new Map<string, OpenText>();
  private readonly again = new ReadingAgain();
  private roles: ProjectRoles | undefined;
  private changes = 0;
  private restedAtMs = 0;

  constructor(projectDirOrRoles: string | ReadRoles, options: SessionOptions) {
    this.options = options;
    const isDir = typeof projectDirOrRoles === 'string';
    this.readRoles = isDir ? rolesOfProject(projectDirOrRoles, options.tools) : projectDirOrRoles;
  }

  /** Absolute; those that the newest temper.json names, and itself. */
  get files(): ReadonlySet<string> {
    return new Set([this.roles?.configFile ?? [], this.roles?.named ?? []].flat());
  }

  /** The text of the editor counts from now on, not the disk's. */
  open(file: string, text: string): void {
    this.opened.set(file, { text, lints: new Map() });
    this.changes++;
  }

  edit(file: string, changes: readonly TextChange[]): void {
    const opened = this.opened.get(file);
    if (!opened) return;
    editText(opened, changes);
    this.changes++;
  }

  close(file: string): void {
    this.opened.delete(file);
    this.changes++;
  }

  /** Says that a file has changed on disk. */
  changed(_file: string): void {
    this.changes++; // its time and size tell
  }

  /**
   * Lints what changed. Yields a file as soon as there is something new to say of it. Ends when everything is up to date,
   * or early when something is opened, edited or closed meanwhile: then call it again.
   */
  async *run(): AsyncGenerator<LintedFile, void, void> {
    const began = this.changes;
    const rest = () => this.rest(began);
    const roles = await this.readRoles((file) => this.findUnsaved(file));
    this.roles = roles;
    const names = new Set(roles.roles.map(nameOfRole));
    for (const [name, lint] of this.lints) {
      if (names.has(name)) continue;
      lint.reported = undefined; // should the project name it again
      this.lints.delete(name);
    }
    for (const role of roles.roles) {
      const lint = await this.read(role, rest);
      if (!lint || !(await rest())) return;
      if (lint.reported?.version !== lint.version) yield this.report(lint, false);
    }
    yield* this.runRules(rest);
    if (await rest()) yield* this.reportConfig(roles);
  }

  /** The row at a line and column (from 1) as training reads it. */
  rowAt(file: string, line: number, column: number): RowAtPlace | undefined {
    const lint = this.lintOf(file);
    return lint && rowAtPlace(lint, { line, column }, this.again);
  }

  /** All edits of safe fixes, also of problems beyond those that are listed; they do not overlap. */
  safeFixes(file: string): TextEdit[] {
    const lint = this.lintOf(file);
    const all = lint && reportFile(lint, { maxProblems: Infinity, isComplete: false, again: this.again });
    return collectSafeEdits(all?.problems ?? []);
  }

  /** In the order of the roles. */
  get allLints(): readonly FileLint[] {
    return [...this.lints.values()];
  }

  private lintOf(file: string): FileLint | undefined {
    return this.allLints.find(({ role }) => role.file === file);
  }

  /** `undefined` when it was stopped. */
  private async read(role: FileRole, rest: () => Promise<boolean>): Promise<FileLint | undefined> {
    const { depth = everything, keepsRows = false, signal } = this.options;
    const reading = { depth, keepsRows, rest, signal };
    const opened = this.opened.get(role.file);
    const known = this.lints.get(nameOfRole(role));
    const lint = opened ? await openText(opened, role, reading) : await openDisk(known, role, reading);
    if (lint) this.lints.set(nameOfRole(role), lint);
    return lint;
  }

  private async *runRules(rest: () => Promise<boolean>): AsyncGenerator<LintedFile, void, void> {
    const { stages = allStages, limits, tools, pauseMs = 0 } = this.options;
    const inspector = tools.images ?? createHeaderInspector();
    const lints = this.allLints;
    const run: StageRun = { lints, stages, inspector, again: this.again, maxProblems: limits.maxProblems, rest };
    if (!(await pause(pauseMs, rest))) return;
    for await (const lint of runStages(run)) yield this.report(lint, false);
    if (!(await rest())) return;
    for (const lint of lints) if (lint.reported?.isComplete !== true) yield this.report(lint, true);
  }

  private *reportConfig(roles: ProjectRoles): Generator<LintedFile> {
    if (roles.configFile === undefined) return;
    const { depth = everything, stages = allStages } = this.options;
    const hasAll = depth.rowRules && depth.digests && stages.leaks && stages.nearDuplicates && stages.images;
    yield reportConfig(roles, roles.configFile, hasAll ? this.allLints : []);
  }

  private report(lint: FileLint, isComplete: boolean): LintedFile {
    lint.reported = { version: lint.version, isComplete };
    return reportFile(lint, { maxProblems: this.options.limits.maxProblems, isComplete, again: this.again });
  }

  private findUnsaved(file: string): (() => string) | undefined {
    const opened = this.opened.get(file);
    return opened && (() => textOf(opened));
  }

  /** Lets others in now and then; false when what is under way is out of date. */
  private async rest(began: number): Promise<boolean> {
    if (performance.now() - this.restedAtMs > sliceMs) {
      await letOthersIn();
      this.restedAtMs = performance.now();
    }
    this.options.signal?.throwIfAborted();
    return began === this.changes;
  }
}

async function pause(pauseMs: number, rest: () => Promise<boolean>): Promise<boolean> {
  for (let waitedMs = 0; waitedMs < pauseMs; waitedMs += 20) {
    await sleep(20);
    if (!(await rest())) return false;
  }
  return rest();
}
