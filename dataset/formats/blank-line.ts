/** An empty line where rows stand one a line. It is passed over, and reported, because other tools stop at it. */
import type { Problem } from '../../protocol';
import { skipLineEnd, type BlockText } from './block-text';
import type { Span } from './format';

/** `span` is the line without its line end. */
export function blankLine(block: BlockText, span: Span): Problem {
  const edit = { ...block.rangeOf({ start: span.start, end: skipLineEnd(block.text, span.end) }), text: '' };
  return {
    ...block.rangeOf(span),
    code: 'blank-line',
    severity: 'warning',
    message: 'This line is empty. Temper passes over it, other tools do not: remove it.',
    fixes: [{ title: 'Remove the empty line', isSafe: true, edits: [edit] }],
  };
}
