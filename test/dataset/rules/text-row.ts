/** Rows for tests of row rules, with the expected places drawn into the text: "write to ⟦jo@posteo.de⟧". */
import type { RowFinding, RowRule } from '../../../dataset/rules/rule';
import type { TextRow } from '../../../dataset/shapes/rows';
import type { RowText, RowView } from '../../../dataset/shapes/shape';

export function viewOf(...written: string[]): RowView {
  const texts = written.map((text, index): RowText => ({ path: index === 0 ? ['text'] : ['text', String(index)], text }));
  const nothing: RowText = { path: [], text: '' };
  return { kind: 'text', input: texts[0] ?? nothing, target: nothing, labels: [], texts };
}

/** What the rule says about a row of one text, or of several. */
export function findIn(rule: RowRule, ...texts: string[]): readonly RowFinding[] {
  const row: TextRow = { kind: 'text', line: 1, text: texts[0] ?? '' };
  return rule(row, viewOf(...texts), { inputs: undefined });
}

export function withoutMarks(marked: string): string {
  return marked.replace(/[⟦⟧]/g, '');
}

/** The text with marks around what the findings are about; they are in order. */
export function drawMarks(text: string, findings: readonly RowFinding[]): string {
  let end = 0;
  const parts = findings.map(({ within = { start: 0, end: 0 } }) => {
    const part = `${text.slice(end, within.start)}⟦${text.slice(within.start, within.end)}⟧`;
    end = within.end;
    return part;
  });
  return parts.join('') + text.slice(end);
}

/** What is left of the text when the fix of the first finding is applied. */
export function fixedText([finding]: readonly RowFinding[]): string | undefined {
  return finding?.fix?.kind === 'replace-value' ? finding.fix.text : undefined;
}

/** Of this process alone, so that it means the same on a busy machine. */
export function elapsedMs(work: () => unknown): number {
  const start = process.cpuUsage();
  work();
  const { user, system } = process.cpuUsage(start);
  return (user + system) / 1000;
}
