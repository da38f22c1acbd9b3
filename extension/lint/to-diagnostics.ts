/** Findings of the linter as the editor's diagnostics. */
import { Diagnostic, DiagnosticSeverity, Range } from 'vscode';
import type { Problem } from '../../protocol';
import { messages } from '../messages';
import type { FileFindings } from './project-lint';
import type { PageOf } from './rule-pages';

export interface DiagnosticOptions {
  readonly maxProblems: number;
  readonly pageOf: PageOf;
}

export function toDiagnostics(findings: FileFindings, options: DiagnosticOptions): Diagnostic[] {
  const shown = findings.problems.slice(0, options.maxProblems);
  const diagnostics = shown.map((problem) => toDiagnostic(problem, options));
  const rest = findings.problems.length - shown.length;
  const last = shown.at(-1);
  if (rest > 0) diagnostics.push(note(messages.moreProblems(rest, shown.length), last?.line ?? 1));
  if (findings.skipped !== undefined) diagnostics.push(note(findings.skipped, 1));
  return diagnostics;
}

function toDiagnostic(problem: Problem, { pageOf }: DiagnosticOptions): Diagnostic {
  const { line, column, endLine, endColumn, code, message } = problem;
  const range = new Range(line - 1, column - 1, endLine - 1, endColumn - 1);
  const severity = problem.severity === 'error' ? DiagnosticSeverity.Error : DiagnosticSeverity.Warning;
  const diagnostic = new Diagnostic(range, message, severity);
  const target = pageOf(code);
  diagnostic.source = 'temper';
  diagnostic.code = target === undefined ? code : { value: code, target };
  return diagnostic;
}

function note(message: string, line: number): Diagnostic {
  const diagnostic = new Diagnostic(new Range(line - 1, 0, line - 1, 0), message, DiagnosticSeverity.Information);
  diagnostic.source = 'temper';
  return diagnostic;
}
