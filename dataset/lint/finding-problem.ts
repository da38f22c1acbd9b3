/** From what a rule found at a value to a problem with a range, and with the edits of its fix. */
import { rules, type Fix, type Problem, type RelatedPlace, type Severity, type TextRange } from '../../protocol';
import type { BlockParser, SourceRow } from '../formats/format';
import type { FindingFix, RowFinding } from '../rules/rule';

export interface FindingPlace {
  readonly source: SourceRow;
  readonly parser: BlockParser | undefined;
  readonly severity?: Severity | undefined;
  readonly related?: readonly RelatedPlace[];
}

export function problemOfFinding(finding: RowFinding, { source, parser, severity, related }: FindingPlace): Problem {
  const { code, path, within, message, fix } = finding;
  const edit = fix && parser ? editOf(fix, { source, path, parser }) : undefined;
  return {
    ...source.rangeAt(path, within),
    code,
    severity: severity ?? rules[code].severity,
    message,
    ...(related && { related }),
    ...(edit && { fixes: [edit] }),
  };
}

interface ValuePlace {
  readonly source: SourceRow;
  readonly path: readonly string[];
  readonly parser: BlockParser;
}

function editOf(fix: FindingFix, { source, path, parser }: ValuePlace): Fix | undefined {
  const { title, isSafe } = fix;
  if (fix.kind === 'remove-row') {
    const range = parser.rangeToRemove(source);
    return range && { title, isSafe, edits: [{ ...range, text: '' }] };
  }
  const isKey = fix.kind === 'rename-key';
  if (isKey && parser.columns) return undefined; // the name stands in the header, not in the row
  const text = parser.quote(isKey ? fix.name : fix.text);
  const range: TextRange = isKey ? source.keyRangeAt(fix.path) : source.rangeAt(path);
  return text === undefined ? undefined : { title, isSafe, edits: [{ ...range, text }] };
}
