/** A row that is a JSON object, in a line of its own or in a list. Its places are looked up when asked for. */
import type { TextRange } from '../../protocol';
import { locateJson, type JsonPlace } from '../json-locate';
import type { BlockText } from './block-text';
import type { SourceRow, Span } from './format';

export class JsonRow implements SourceRow, Span {
  readonly value: Readonly<Record<string, unknown>>;
  readonly line: number;
  /** Offsets in the block, without blanks around. */
  readonly start: number;
  readonly end: number;
  readonly block: BlockText;

  constructor(block: BlockText, span: Span, line: number, value: Readonly<Record<string, unknown>>) {
    this.block = block;
    this.start = span.start;
    this.end = span.end;
    this.line = line;
    this.value = value;
  }

  get endLine(): number {
    return this.block.lines.lineAt(this.end);
  }

  rangeAt(path: readonly string[], within?: Span): TextRange {
    const { value } = this.locate(path);
    return this.rangeOf(within ? locateWithin(this.block.text.slice(this.start, this.end), value, within) : value);
  }

  keyRangeAt(path: readonly string[]): TextRange {
    const { key, value } = this.locate(path);
    return this.rangeOf(key ?? value);
  }

  /** The value at the path, or the nearest container that is there. */
  private locate(path: readonly string[]): JsonPlace {
    const source = this.block.text.slice(this.start, this.end);
    for (let depth = path.length; depth > 0; depth--) {
      const place = locateJson(source, path.slice(0, depth));
      if (place) return depth === path.length ? place : { value: place.value };
    }
    return { value: { start: 0, end: source.length } };
  }

  private rangeOf({ start, end }: Span): TextRange {
    return this.block.rangeOf({ start: this.start + start, end: this.start + end });
  }
}

/** A part of a string, counted in units of what it says, not of how it is written. Other values have no parts. */
function locateWithin(source: string, value: Span, within: Span): Span {
  if (source[value.start] !== '"') return value;
  const start = skipUnits(source, value.start + 1, { units: within.start, end: value.end - 1 });
  return { start, end: skipUnits(source, start, { units: within.end - within.start, end: value.end - 1 }) };
}

function skipUnits(source: string, start: number, { units, end }: { units: number; end: number }): number {
  let offset = start;
  for (let unit = 0; unit < units && offset < end; unit++) {
    if (source[offset] !== '\\') offset++;
    else offset += source[offset + 1] === 'u' ? 6 : 2;
  }
  return offset;
}
