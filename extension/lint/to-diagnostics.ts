/** What the linter found as the editor's diagnostics. */
import { Diagnostic, DiagnosticRelatedInformation, DiagnosticSeverity, Location, Range, Uri } from 'vscode';
import type { Problem, RelatedPlace, Severity, TextRange } from '../../protocol';
import type { ShownFile } from './plan-diagnostics';
import type { PageOf } from './rule-pages';

const severityOf: Readonly<Record<Severity, DiagnosticSeverity>> = {
  error: DiagnosticSeverity.Error,
  warning: DiagnosticSeverity.Warning,
  information: DiagnosticSeverity.Information,
};

/** `linted` is the file that was linted: places without a file of their own are in it. */
export function toDiagnostics({ problems, note }: ShownFile, linted: string, pageOf: PageOf): Diagnostic[] {
  const diagnostics = problems.map((problem) => toDiagnostic(problem, linted, pageOf));
  return note ? [...diagnostics, createNote(note.text, note.line)] : diagnostics;
}

export function toRange({ line, column, endLine, endColumn }: TextRange): Range {
  return new Range(line - 1, column - 1, endLine - 1, endColumn - 1);
}

function toDiagnostic(problem: Problem, linted: string, pageOf: PageOf): Diagnostic {
  const diagnostic = new Diagnostic(toRange(problem), problem.message, severityOf[problem.severity]);
  const target = pageOf(problem.code);
  diagnostic.source = 'temper';
  diagnostic.code = target === undefined ? problem.code : { value: problem.code, target };
  if (problem.related) diagnostic.relatedInformation = problem.related.map((place) => toRelated(place, linted));
  return diagnostic;
}

function toRelated(place: RelatedPlace, linted: string): DiagnosticRelatedInformation {
  return new DiagnosticRelatedInformation(new Location(Uri.file(place.file ?? linted), toRange(place)), place.message);
}

function createNote(message: string, line: number): Diagnostic {
  const diagnostic = new Diagnostic(new Range(line - 1, 0, line - 1, 0), message, DiagnosticSeverity.Information);
  diagnostic.source = 'temper';
  return diagnostic;
}
