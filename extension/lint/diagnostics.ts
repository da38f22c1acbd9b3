/** The squiggles and the Problems panel: one diagnostic collection, kept equal to what is known. */
import { languages, Uri } from 'vscode';
import { Owner } from '../owner';
import { readSettings } from '../settings';
import type { LintResults } from './lint-results';
import { planDiagnostics } from './plan-diagnostics';
import type { PageOf } from './rule-pages';
import { toDiagnostics } from './to-diagnostics';

export class Diagnostics extends Owner {
  private readonly collection = this.own(languages.createDiagnosticCollection('temper'));
  private readonly results: LintResults;
  private readonly pageOf: PageOf;
  /** Which files the problems of a linted file are on. */
  private readonly shownOn = new Map<string, ReadonlySet<string>>();

  constructor(results: LintResults, pageOf: PageOf) {
    super();
    this.results = results;
    this.pageOf = pageOf;
    this.own(results.changed.on((linted) => this.show(linted)));
  }

  private show(linted: string): void {
    const result = this.results.of(linted);
    const plan = result ? planDiagnostics(result, readSettings().maxProblemsPerFile) : undefined;
    for (const file of this.shownOn.get(linted) ?? []) if (!plan?.has(file)) this.collection.delete(Uri.file(file));
    this.shownOn.set(linted, new Set(plan?.keys()));
    for (const [file, shown] of plan ?? []) this.collection.set(Uri.file(file), toDiagnostics(shown, linted, this.pageOf));
  }
}
